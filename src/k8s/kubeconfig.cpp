#include "kubeconfig.hpp"

#include "text_file.hpp"

#include <filesystem>
#include <optional>
#include <utility>

#include <yaml-cpp/yaml.h>

namespace penstock::k8s {

namespace {

std::unexpected<Error> refuse(std::string why) {
  return fail(Code::kInvalid, std::move(why), Retry::never());
}

std::string text_at(const YAML::Node& node, const char* name) {
  if (!node.IsMap() || !node[name] || !node[name].IsScalar()) return {};
  return node[name].as<std::string>();
}

// The entry of this name in one of the file's lists ("clusters", "users", "contexts"): [{name, <kind>: {...}}].
std::optional<YAML::Node> entry(const YAML::Node& file, const char* list, const char* kind, const std::string& name) {
  if (!file[list] || !file[list].IsSequence()) return std::nullopt;
  for (const YAML::Node& found : file[list])
    if (text_at(found, "name") == name) return found[kind] ? found[kind] : YAML::Node(YAML::NodeType::Map);
  return std::nullopt;
}

// A text that is given in place or by a file, which is read anew when it changes; neither is an empty text.
class Source {
 public:
  Source() = default;
  explicit Source(std::string text) : text_(std::move(text)) {}
  explicit Source(std::shared_ptr<TextFile> file) : file_(std::move(file)) {}
  Result<std::string> read() const { return file_ ? file_->read() : text_; }

 private:
  std::string text_;
  std::shared_ptr<TextFile> file_;
};

struct Reader {
  std::filesystem::path directory;

  Source file(const std::string& path) const {
    return path.empty() ? Source{} : Source{std::make_shared<TextFile>((directory / path).string())};
  }

  // <name>-data in base64 wins over the path in <name>, as kubectl has it.
  Result<Source> pem(const YAML::Node& node, const std::string& name) const {
    const std::string data = text_at(node, (name + "-data").c_str());
    if (data.empty()) return file(text_at(node, name.c_str()));
    const auto bytes = YAML::DecodeBase64(data);
    std::string text(bytes.begin(), bytes.end());
    if (text.find("-----BEGIN ") == std::string::npos) return refuse(name + "-data is not PEM in base64");
    return Source{std::move(text)};
  }
};

Result<std::string> origin_of(const YAML::Node& cluster) {
  if (text_at(cluster, "insecure-skip-tls-verify") == "true")
    return refuse(
        "insecure-skip-tls-verify is not supported: give the server's certificate authority in "
        "certificate-authority-data");
  for (const auto* name : {"proxy-url", "tls-server-name"})
    if (!text_at(cluster, name).empty()) return refuse(std::string(name) + " is not supported");
  std::string server = text_at(cluster, "server");
  while (!server.empty() && server.back() == '/') server.pop_back();
  constexpr std::string_view kScheme = "https://";
  if (!server.starts_with(kScheme)) return refuse("the server '" + server + "' is not an https:// address");
  if (server.find_first_of("/?#", kScheme.size()) != std::string::npos)
    return refuse("a path in the server's address is not supported: '" + server + "'");
  return server;
}

Result<http::CredentialSource> credentials_of(const YAML::Node& cluster, const YAML::Node& user, const Reader& reader) {
  for (const auto* name : {"exec", "auth-provider"})
    if (user[name])
      return refuse(std::string("credentials by ") + name +
                    " are not supported: use a client certificate or a ServiceAccount token");
  for (const auto* name : {"username", "password", "as", "as-uid", "as-groups", "as-user-extra"})
    if (user[name]) return refuse(std::string("'") + name + "' of a user is not supported");

  const auto authority = reader.pem(cluster, "certificate-authority");
  if (!authority) return std::unexpected(authority.error());
  const auto certificate = reader.pem(user, "client-certificate");
  if (!certificate) return std::unexpected(certificate.error());
  const auto key = reader.pem(user, "client-key");
  if (!key) return std::unexpected(key.error());
  const std::string token_file = text_at(user, "tokenFile");
  const Source token = token_file.empty() ? Source{text_at(user, "token")} : reader.file(token_file);

  return [=]() -> Result<http::Credentials> {
    http::Credentials out;
    const std::initializer_list<std::pair<const Source*, std::string*>> parts{{&*authority, &out.certificate_authority},
                                                                              {&*certificate, &out.client_certificate},
                                                                              {&*key, &out.client_key},
                                                                              {&token, &out.bearer_token}};
    for (const auto& [source, target] : parts) {
      auto text = source->read();
      if (!text) return std::unexpected(text.error());
      *target = std::move(*text);
    }
    out.bearer_token = trimmed(out.bearer_token);
    return out;
  };
}

Result<Config> read_config(const std::string& path, std::string context) {
  const YAML::Node file = YAML::LoadFile(path);
  if (!file.IsMap()) return refuse("it is not a kubeconfig");
  if (context.empty()) context = text_at(file, "current-context");
  if (context.empty()) return refuse("it has no current-context, and no context was named");
  const auto found = entry(file, "contexts", "context", context);
  if (!found) return refuse("it has no context '" + context + "'");
  const std::string cluster_name = text_at(*found, "cluster"), user_name = text_at(*found, "user");
  const auto cluster = entry(file, "clusters", "cluster", cluster_name);
  if (!cluster) return refuse("context '" + context + "' names the cluster '" + cluster_name + "', which is not there");
  const auto user = entry(file, "users", "user", user_name);
  if (!user && !user_name.empty())
    return refuse("context '" + context + "' names the user '" + user_name + "', which is not there");

  Config config;
  auto origin = origin_of(*cluster);
  if (!origin) return std::unexpected(origin.error());
  config.origin = std::move(*origin);
  const Reader reader{std::filesystem::absolute(path).parent_path()};
  auto credentials = credentials_of(*cluster, user.value_or(YAML::Node(YAML::NodeType::Map)), reader);
  if (!credentials) return std::unexpected(credentials.error());
  config.credentials = std::move(*credentials);
  if (const auto first = config.credentials(); !first) return std::unexpected(first.error());
  config.ns = text_at(*found, "namespace");
  if (config.ns.empty()) config.ns = "default";
  return config;
}

}  // namespace

Result<Config> load_kubeconfig(const std::string& path, const std::string& context) {
  try {
    auto config = read_config(path, context);
    if (!config) return fail("kubeconfig " + path, config.error());
    return config;
  } catch (const YAML::BadFile&) {
    return refuse("kubeconfig " + path + ": the file cannot be read");
  } catch (const std::exception& error) {
    return refuse("kubeconfig " + path + ": " + error.what());
  }
}

}  // namespace penstock::k8s
