#include <penstock/api/tls_secret.hpp>
#include <penstock/base/base64.hpp>

namespace penstock::api {

Result<TlsSecret> parse_tls_secret(const Json& secret) {
  TlsSecret tls;
  struct {
    const char* key;
    std::string& to;
  } const texts[] = {{"tls.crt", tls.certificate}, {"tls.key", tls.key}, {"ca.crt", tls.authorities}};
  const auto data = secret.find("data");
  for (const auto& text : texts) {
    std::optional<std::string> read;
    if (data != secret.end() && data->is_object() && data->contains(text.key) && (*data)[text.key].is_string())
      read = decode_base64((*data)[text.key].get_ref<const std::string&>());
    if (!read || read->empty())
      return fail(Code::kInvalid, "the Secret has no readable `" + std::string(text.key) + "`", Retry::never());
    text.to = std::move(*read);
  }
  return tls;
}

Json print_tls_data(const TlsSecret& tls) {
  return {{"tls.crt", encode_base64(tls.certificate)},
          {"tls.key", encode_base64(tls.key)},
          {"ca.crt", encode_base64(tls.authorities)}};
}

}  // namespace penstock::api
