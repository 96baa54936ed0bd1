// Events (events.k8s.io/v1) about an object, for a person who runs `kubectl describe`. The same event again within the
// series window is counted in the first one's series instead of written anew. Failures are logged, never returned: an
// event must not stop a reconcile. Any thread.
#pragma once
#include <penstock/base/time.hpp>
#include <penstock/k8s/client.hpp>

#include <map>
#include <mutex>
#include <string>

namespace penstock::k8s {

class EventRecorder {
 public:
  EventRecorder(Client client, std::string controller, std::string instance, const Clock& clock);
  // regarding: the object itself (apiVersion, kind, metadata.{namespace,name,uid}). type: "Normal" or "Warning".
  void record(const Json& regarding, const std::string& type, const std::string& reason, const std::string& action,
              const std::string& note);

 private:
  struct Series {
    std::string ns, name;
    int count = 1;
    SteadyTime last_written, last_seen;
  };
  Client client_;
  std::string controller_, instance_;
  const Clock& clock_;
  std::mutex mutex_;
  std::map<std::string, Series> series_;
};

}  // namespace penstock::k8s
