#include "command.hpp"

#include <penstock/cli/client_settings.hpp>
#include <penstock/cli/manifest.hpp>

namespace penstock::cli {

int complain(Console& console, const Error& error) {
  console.err << "error: " << error.what << "\n";
  return kUsage;
}

Result<Json> object_in(const std::string& file, std::string_view kind) {
  const auto text = read_file(file);
  if (!text) return std::unexpected(text.error());
  const auto objects = parse_manifest(*text);
  if (!objects) return fail(file, objects.error());
  for (const Json& object : *objects)
    if (object.is_object() && object.contains("kind") && object["kind"] == kind) return object;
  return fail(Code::kInvalid, file + " has no " + std::string(kind), Retry::never());
}

}  // namespace penstock::cli
