// Which event wakes which key.
#pragma once
#include <penstock/operator/platforms.hpp>
#include <penstock/operator/sources.hpp>

#include <functional>
#include <map>
#include <mutex>
#include <string>

namespace penstock::op {

using Enqueue = std::function<void(const k8s::ObjectKey&)>;

// Lets an event through only when what it is about differs from the last time: an object's own status write is no news.
class Changes {
 public:
  bool news(const k8s::ObjectKey& key, const std::string& fingerprint);

 private:
  std::mutex mutex_;
  std::map<k8s::ObjectKey, std::string> last_;
};

// What of an object is a wish of its owner: everything but its status.
std::string fingerprint(const api::Meta& meta);

// Topics by their own changes, by their platform and by their namespace; ConsumerScalers by platform and namespace
// (their own changes come from the index of targets). Before the informers start; the stores outlive the queues.
void wire_topics(Stores& stores, Platforms& platforms, Enqueue enqueue);
void wire_scalers(Stores& stores, Enqueue enqueue);

}  // namespace penstock::op
