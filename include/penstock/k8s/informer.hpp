// A watcher on its own thread: does the watcher's I/O, with back-off, and hands the events to a sink (a Store's on()).
#pragma once
#include <penstock/base/time.hpp>
#include <penstock/http/transport.hpp>
#include <penstock/k8s/watcher.hpp>

#include <cstddef>
#include <functional>
#include <memory>
#include <thread>

namespace penstock::k8s {

struct InformerOptions {
  Duration server_timeout = 5min;
  Duration idle_limit = 5min + 30s;  // a watch that says nothing for longer is dead
  Duration first_back_off = 200ms;
  Duration longest_back_off = 30s;
  Duration list_timeout = 1min;                   // for each page
  Duration short_stream = 1s;                     // a watch that lived for less is followed by a back-off
  std::size_t longest_line = 16UL * 1024 * 1024;  // more without a line end: list anew
};

class Informer {
 public:
  using Sink = std::function<void(const WatchEvent&)>;
  // Starts at once. A kind that the server does not have (404) is tried again with back-off, quietly after the first
  // time.
  Informer(Resource resource, ListParams selection, std::shared_ptr<http::Transport> transport, Sink sink,
           InformerOptions options = {});
  // Requests the stop and joins.
  ~Informer();

 private:
  void run(const std::stop_token& stop);
  void deliver(const Watcher::Step& step);
  void report(const Watcher::Step& step);
  Watcher::Step list(Watcher& watcher, const http::Request& request, const std::stop_token& stop);
  Watcher::Step watch(Watcher& watcher, const http::Request& request, const std::stop_token& stop);

  Resource resource_;
  ListParams selection_;
  std::shared_ptr<http::Transport> transport_;
  Sink sink_;
  InformerOptions options_;
  bool absent_ = false;  // the kind was not there when last asked for
  std::jthread thread_;
};

}  // namespace penstock::k8s
