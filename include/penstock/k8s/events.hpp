// Events (events.k8s.io/v1) about an object, for a person who runs `kubectl describe`. The same event again within the
// series window is counted in the first one's series instead of written anew. Failures are logged, never returned: an
// event must not stop a reconcile. Any thread.
#pragma once
#include <penstock/base/time.hpp>
#include <penstock/k8s/client.hpp>

#include <cstdint>
#include <map>
#include <mutex>
#include <optional>
#include <string>

namespace penstock::k8s {

class EventRecorder {
 public:
  // controller: the part of reportingController after "penstock.dev/". instance: this process, e.g. the pod's name.
  EventRecorder(Client client, std::string controller, std::string instance, const Clock& clock);
  // regarding: the object itself (apiVersion, kind, metadata.{namespace,name,uid}). type: "Normal" or "Warning".
  // Two events are the same when all of these are: a note with a number that changes makes each a new one.
  void record(const Json& regarding, const std::string& type, const std::string& reason, const std::string& action,
              const std::string& note);

 private:
  struct Series {
    ObjectKey event;
    int count = 1;
    SteadyTime last_written, last_seen;
  };
  // What is to be written for one more of this event: a new object, a patch of its series, or nothing.
  struct Write {
    ObjectKey event;
    int count = 1;
  };
  std::optional<Write> count(const std::string& identity, const Json& regarding);
  Result<Json> create_event(const Write& write, const Json& regarding, const std::string& type,
                            const std::string& reason, const std::string& action, const std::string& note) const;
  Result<Json> patch_series(const Write& write) const;
  void forget(const std::string& identity);

  Client client_;
  std::string controller_, instance_;
  const Clock& clock_;
  std::mutex mutex_;
  std::map<std::string, Series> series_;  // by what makes two events the same
  std::uint64_t made_ = 0;
};

}  // namespace penstock::k8s
