#include "lines.hpp"

#include <penstock/base/backoff.hpp>
#include <penstock/base/log.hpp>
#include <penstock/base/stop.hpp>
#include <penstock/k8s/client.hpp>
#include <penstock/k8s/informer.hpp>

#include <chrono>
#include <exception>
#include <utility>

namespace penstock::k8s {

Informer::Informer(Resource resource, ListParams selection, std::shared_ptr<http::Transport> transport, Sink sink,
                   InformerOptions options)
    : resource_(std::move(resource)),
      selection_(std::move(selection)),
      transport_(std::move(transport)),
      sink_(std::move(sink)),
      options_(options),
      thread_([this](const std::stop_token& stop) { run(stop); }) {}

Informer::~Informer() = default;

void Informer::run(const std::stop_token& stop) {
  Watcher watcher(resource_, selection_, options_.server_timeout);
  Backoff back_off(options_.first_back_off, options_.longest_back_off);
  Watcher::Step step = watcher.on(Watcher::Start{});
  while (!stop.stop_requested()) {
    if (step.back_off && !wait_for(stop, back_off.next())) return;
    const bool watching = step.next == Watcher::Next::kWatch;
    const auto began = std::chrono::steady_clock::now();
    step = watching ? watch(watcher, step.request, stop) : list(watcher, step.request, stop);
    if (stop.stop_requested()) return;
    // Whatever ended it: a server that ends every watch at once must not be asked without a pause.
    if (watching) {
      if (std::chrono::steady_clock::now() - began < options_.short_stream)
        step.back_off = true;
      else
        back_off.reset();
    }
    report(step);
    deliver(step);
  }
}

Watcher::Step Informer::list(Watcher& watcher, const http::Request& request, const std::stop_token& stop) {
  const auto response = transport_->send(request, options_.list_timeout, stop);
  if (!response) return watcher.on(Watcher::Failed{response.error()});
  if (!response->ok()) {
    const Error error = error_of(request, *response);
    // A kind that is not installed is no news the second time.
    const bool known = error.code == Code::kNotFound && std::exchange(absent_, error.code == Code::kNotFound);
    Watcher::Step step = watcher.on(Watcher::Failed{error});
    if (known) step.problem.clear();
    return step;
  }
  absent_ = false;
  return watcher.on(Watcher::Page{response->body});
}

Watcher::Step Informer::watch(Watcher& watcher, const http::Request& request, const std::stop_token& stop) {
  Lines lines(options_.longest_line);
  std::optional<Watcher::Step> turn;  // the step that said to leave this stream
  const auto on_line = [&](std::string_view line) {
    Watcher::Step step = watcher.on(Watcher::Line{line});
    if (step.next != Watcher::Next::kContinue) {
      turn = std::move(step);
      return false;
    }
    deliver(step);
    return !stop.stop_requested();
  };
  const auto response = transport_->stream(
      request, [&](std::string_view chunk) { return lines.add(chunk, on_line); }, options_.idle_limit, stop);
  if (turn) return std::move(*turn);
  if (lines.too_long())
    return watcher.on(Watcher::Failed{
        {Code::kGone, "a line of more than " + std::to_string(options_.longest_line) + " bytes", Retry::later()}});
  if (!response) return watcher.on(Watcher::Failed{response.error()});
  if (!response->ok()) return watcher.on(Watcher::Failed{error_of(request, *response)});
  return watcher.on(Watcher::StreamEnded{});
}

void Informer::report(const Watcher::Step& step) {
  if (!step.problem.empty()) log::warn(step.problem, {{"kind", resource_.kind}, {"group", resource_.group}});
}

void Informer::deliver(const Watcher::Step& step) {
  for (const WatchEvent& event : step.events) {
    try {
      sink_(event);
    } catch (const std::exception& error) {
      log::error("an object was dropped", {{"kind", resource_.kind},
                                           {"namespace", key_of(event.object).ns},
                                           {"name", key_of(event.object).name},
                                           {"error", error.what()}});
    }
  }
}

}  // namespace penstock::k8s
