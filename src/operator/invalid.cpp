#include <penstock/operator/invalid.hpp>
#include <penstock/operator/status_writer.hpp>

namespace penstock::op {

Result<void> report_invalid(const k8s::Client& client, const k8s::Resource& resource, const k8s::ObjectKey& key,
                            const Error& error, WallTime now, std::string_view field_manager, std::stop_token stop) {
  const auto object = client.find(resource, key, stop);
  if (!object) return std::unexpected(object.error());
  if (!*object) return {};
  const Json metadata = (*object)->value("metadata", Json::object());
  api::Meta meta;
  meta.name = key.name;
  meta.ns = key.ns;
  meta.uid = metadata.value("uid", "");
  meta.generation = metadata.value("generation", std::int64_t{0});
  Json status = (*object)->value("status", Json::object());
  api::Conditions conditions =
      api::Conditions::parse(status.value("conditions", Json::array())).value_or(api::Conditions{});
  set_failed(conditions, meta.generation, now, {Code::kInvalid, error.what, Retry::never()});
  Json wanted = status;
  wanted["conditions"] = conditions.print();
  wanted["observedGeneration"] = meta.generation;
  if (wanted == status) return {};
  const auto written = client.call(
      k8s::apply_status(resource, status_object(resource.kind, meta, std::move(wanted)), std::string(field_manager)),
      stop);
  if (!written && written.error().code != Code::kNotFound) return fail("writing the status", written.error());
  return {};
}

}  // namespace penstock::op
