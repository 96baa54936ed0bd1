#include "text_at.hpp"

#include <penstock/k8s/watcher.hpp>

#include <utility>

namespace penstock::k8s {

namespace {

const Json& metadata_of(const Json& object) {
  static const Json kNone = Json::object();
  const auto found = object.find("metadata");
  return found != object.end() && found->is_object() ? *found : kNone;
}

// The object as the rest of the program wants it: typed, though a list of built-in kinds leaves the type out, and
// without the field owners, which are often half of its bytes. Null when it has no name.
Json tidy(const Resource& resource, Json object) {
  if (!object.is_object() || key_of(object).name.empty()) return nullptr;
  object.emplace("apiVersion", resource.api_version());
  object.emplace("kind", resource.kind);
  object["metadata"].erase("managedFields");
  return object;
}

}  // namespace

Watcher::Watcher(Resource resource, ListParams selection, Duration server_timeout)
    : resource_(std::move(resource)), selection_(std::move(selection)), server_timeout_(server_timeout) {}

Watcher::Step Watcher::on(const Input& input) {
  if (std::holds_alternative<Start>(input)) return list_anew(false, {});
  if (const auto* page = std::get_if<Page>(&input)) return on_page(page->body);
  if (const auto* line = std::get_if<Line>(&input)) return on_line(line->text);
  if (const auto* failed = std::get_if<Failed>(&input)) return on_failed(failed->error);
  return watch_on(false, {});
}

Watcher::Step Watcher::list_anew(bool back_off, std::string problem) {
  listing_ = true;
  init_sent_ = false;
  continue_token_.clear();
  resource_version_.clear();
  return list_on(back_off, std::move(problem));
}

Watcher::Step Watcher::list_on(bool back_off, std::string problem) {
  ListParams params = selection_;
  params.continue_token = continue_token_;
  return {{}, Next::kList, list(resource_, params), back_off, std::move(problem)};
}

Watcher::Step Watcher::watch_on(bool back_off, std::string problem) {
  listing_ = false;
  return {{},
          Next::kWatch,
          watch(resource_, {selection_.ns, selection_.label_selector, selection_.field_selector, resource_version_,
                            server_timeout_}),
          back_off,
          std::move(problem)};
}

Watcher::Step Watcher::on_page(std::string_view body) {
  Json page = Json::parse(body, nullptr, false);
  const auto items = page.is_object() ? page.find("items") : page.end();
  // An empty list of a built-in kind may come as null.
  if (!page.is_object() || items == page.end() || !(items->is_array() || items->is_null()))
    return list_anew(true, "the answered list of " + resource_.plural + " is not one");
  const Json& metadata = metadata_of(page);
  const std::string more = text_at(metadata, "continue");
  const std::string version = text_at(metadata, "resourceVersion");
  if (more.empty() && version.empty())
    return list_anew(true, "the answered list of " + resource_.plural + " has no resourceVersion");

  std::vector<WatchEvent> events;
  std::string problem;
  if (!std::exchange(init_sent_, true)) events.push_back({WatchEvent::Type::kInit, {}});
  for (Json& found : *items) {
    Json object = tidy(resource_, std::move(found));
    if (object.is_null())
      problem = "an object without a name in the list of " + resource_.plural + " was left out";
    else
      events.push_back({WatchEvent::Type::kInitApply, std::move(object)});
  }
  Step step;
  if (more.empty()) {
    events.push_back({WatchEvent::Type::kInitDone, {}});
    resource_version_ = version;
    continue_token_.clear();
    step = watch_on(false, std::move(problem));
  } else {
    continue_token_ = more;
    step = list_on(false, std::move(problem));
  }
  step.events = std::move(events);
  return step;
}

Watcher::Step Watcher::on_line(std::string_view text) {
  const auto broken = [&] { return list_anew(true, "a line of the watch of " + resource_.plural + " makes no sense"); };
  Json line = Json::parse(text, nullptr, false);
  if (!line.is_object()) return broken();
  const std::string type = text_at(line, "type");
  const auto object = line.find("object");
  if (object == line.end() || !object->is_object()) return broken();
  if (type == "ERROR") return on_error_event(*object);

  const std::string version = text_at(metadata_of(*object), "resourceVersion");
  if (version.empty()) return broken();
  Step step;
  if (type == "ADDED" || type == "MODIFIED" || type == "DELETED") {
    Json tidied = tidy(resource_, std::move(*object));
    if (tidied.is_null()) return broken();
    step.events.push_back(
        {type == "DELETED" ? WatchEvent::Type::kDelete : WatchEvent::Type::kApply, std::move(tidied)});
  } else if (type != "BOOKMARK") {
    return broken();
  }
  resource_version_ = version;
  return step;
}

Watcher::Step Watcher::on_error_event(const Json& status) {
  const std::string message = text_at(status, "message");
  constexpr int kHttpGone = 410;
  const auto code = status.find("code");
  if (code != status.end() && *code == kHttpGone)
    return list_anew(false, "the watch of " + resource_.plural + " fell behind: " + message);
  return watch_on(true, "the watch of " + resource_.plural + " failed: " + message);
}

Watcher::Step Watcher::on_failed(const Error& error) {
  if (listing_) {
    // A page that got lost is asked for again; a continue token that is too old or refused is not.
    if (error.code == Code::kGone || error.code == Code::kInvalid)
      return list_anew(true, "listing " + resource_.plural + ": " + error.to_string());
    return list_on(true, "listing " + resource_.plural + ": " + error.to_string());
  }
  std::string problem = "watching " + resource_.plural + ": " + error.to_string();
  if (error.code == Code::kGone) return list_anew(false, std::move(problem));
  // The kind itself is gone, or the version means nothing to this server.
  if (error.code == Code::kNotFound || error.code == Code::kInvalid) return list_anew(true, std::move(problem));
  return watch_on(true, std::move(problem));
}

}  // namespace penstock::k8s
