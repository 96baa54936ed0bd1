// List and watch as a pure state machine: inputs are what the transport saw, outputs are events and the next request.
// No I/O, no clock. The five events are kube-rs's: a (re)list is Init, InitApply…, InitDone; live changes are Apply and
// Delete.
#pragma once
#include <penstock/base/error.hpp>
#include <penstock/base/json.hpp>
#include <penstock/k8s/requests.hpp>

#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace penstock::k8s {

struct WatchEvent {
  enum class Type { kInit, kInitApply, kInitDone, kApply, kDelete };
  Type type;
  Json object;  // without managedFields; empty for Init and InitDone
};

class Watcher {
 public:
  struct Start {};
  struct Page {
    std::string_view body;  // an answered list
  };
  struct Line {
    std::string_view text;  // one line of a watch stream
  };
  struct StreamEnded {};
  struct Failed {
    Error error;  // of the list or of the watch; kGone makes it list anew
  };
  using Input = std::variant<Start, Page, Line, StreamEnded, Failed>;

  enum class Next {
    kContinue,  // go on reading the stream
    kList,      // send request, give its body as Page
    kWatch,     // open request as a stream, give its lines as Line
  };
  struct Step {
    std::vector<WatchEvent> events;
    Next next = Next::kContinue;
    http::Request request;  // for kList and kWatch
    bool back_off = false;  // wait before the request: the last one failed
    std::string problem;    // for the log, empty when all is well
  };

  Watcher(Resource resource, ListParams selection, Duration server_timeout = 5min);
  Step on(const Input& input);

 private:
  Step list_anew(bool back_off, std::string problem);
  Step list_on(bool back_off, std::string problem);
  Step watch_on(bool back_off, std::string problem);
  Step on_page(std::string_view body);
  Step on_line(std::string_view text);
  Step on_error_event(const Json& status);
  Step on_failed(const Error& error);

  Resource resource_;
  ListParams selection_;
  Duration server_timeout_;
  std::string continue_token_;
  std::string resource_version_;
  bool listing_ = false;
  bool init_sent_ = false;
};

}  // namespace penstock::k8s
