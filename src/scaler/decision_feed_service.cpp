#include "decision_message.hpp"
#include "status.hpp"
#include "write_stream.hpp"

#include <penstock/base/stop.hpp>
#include <penstock/scaler/services.hpp>
#include <penstock/v1/decision_feed.grpc.pb.h>

#include <deque>
#include <set>
#include <thread>

namespace penstock::scaler {
namespace {

// Operators and people at their terminals.
constexpr std::size_t kMaxFollowers = 256;

struct Filter {
  std::string ns, name;
  bool wants(const k8s::ObjectKey& key) const {
    return (ns.empty() || key.ns == ns) && (name.empty() || key.name == name);
  }
};

// Keys wait, not messages: what is sent is what is true when it is sent.
class FeedStream final : public WriteStream<v1::Update> {
 public:
  FeedStream(const Board& board, Filter filter) : board_(board), filter_(std::move(filter)) {}

  // All that is decided, and all that was told and is gone.
  void mark_all() {
    const auto snapshot = board_.read();
    const std::lock_guard lock(waiting_mutex_);
    for (const EntryPtr& entry : snapshot->entries()) mark_locked(entry->key);
    for (const auto& [key, uid] : told_) mark_locked(key);
  }
  void mark(const k8s::ObjectKey& key) {
    const std::lock_guard lock(waiting_mutex_);
    mark_locked(key);
  }

 private:
  void mark_locked(const k8s::ObjectKey& key) {
    if (filter_.wants(key) && waiting_.insert(key).second) order_.push_back(key);
  }

  bool next(v1::Update& update) override {
    const std::lock_guard lock(waiting_mutex_);
    while (!order_.empty()) {
      const k8s::ObjectKey key = order_.front();
      order_.pop_front();
      waiting_.erase(key);
      if (const EntryPtr entry = board_.read()->find(key)) {
        told_[key] = entry->uid;
        fill(*entry, *update.mutable_decision());
        return true;
      }
      if (const auto told = told_.find(key); told != told_.end()) {
        update.mutable_removed()->set_namespace_(key.ns);
        update.mutable_removed()->set_name(key.name);
        update.mutable_removed()->set_uid(told->second);
        told_.erase(told);
        return true;
      }
    }
    if (synced_) return false;
    synced_ = true;
    update.mutable_synced();
    return true;
  }

  const Board& board_;
  const Filter filter_;
  std::mutex waiting_mutex_;
  std::deque<k8s::ObjectKey> order_;
  std::set<k8s::ObjectKey> waiting_;
  std::map<k8s::ObjectKey, std::string> told_;  // key → uid
  bool synced_ = false;
};

class Streams {
 public:
  bool add(const std::shared_ptr<FeedStream>& stream) {
    const std::lock_guard lock(mutex_);
    return streams_.size() < kMaxFollowers && streams_.emplace(stream.get(), stream).second;
  }
  void remove(const FeedStream* stream) {
    const std::lock_guard lock(mutex_);
    streams_.erase(stream);
  }
  std::vector<std::shared_ptr<FeedStream>> all() const {
    std::vector<std::shared_ptr<FeedStream>> alive;
    const std::lock_guard lock(mutex_);
    for (const auto& [id, weak] : streams_)
      if (auto stream = weak.lock()) alive.push_back(std::move(stream));
    return alive;
  }

 private:
  mutable std::mutex mutex_;
  std::map<const FeedStream*, std::weak_ptr<FeedStream>> streams_;
};

class FeedService final : public v1::DecisionFeed::CallbackService {
 public:
  FeedService(Board& board, FeedOptions options)
      : board_(board), options_(std::move(options)), streams_(std::make_shared<Streams>()) {
    board.subscribe([streams = streams_](const Board::Change& change) {
      for (const auto& stream : streams->all()) {
        for (const auto* list : {&change.changed, &change.removed})
          for (const EntryPtr& entry : *list) stream->mark(entry->key);
        stream->pump();
      }
    });
    repeater_ = std::jthread([streams = streams_, repeat = options_.repeat](std::stop_token stop) {
      while (wait_for(stop, repeat)) {
        for (const auto& stream : streams->all()) {
          stream->mark_all();
          stream->pump();
        }
      }
    });
  }

  grpc::ServerWriteReactor<v1::Update>* Watch(grpc::CallbackServerContext*, const v1::WatchRequest* request) override {
    auto stream = std::make_shared<FeedStream>(board_, Filter{request->namespace_(), request->name()});
    stream->keep([streams = streams_, id = stream.get()] { streams->remove(id); });
    if (const std::string awaited = options_.starting(); !awaited.empty()) {
      stream->refuse({grpc::StatusCode::UNAVAILABLE, "still starting: " + awaited});
    } else if (!streams_->add(stream)) {
      stream->refuse({grpc::StatusCode::RESOURCE_EXHAUSTED, "too many streams"});
    } else {
      stream->mark_all();
    }
    stream->pump();
    return stream.get();
  }

  grpc::ServerUnaryReactor* Compare(grpc::CallbackServerContext* context, const v1::CompareRequest* request,
                                    v1::Comparison* comparison) override {
    auto* reactor = context->DefaultReactor();
    reactor->Finish(compare({request->namespace_(), request->name()}, *comparison));
    return reactor;
  }

 private:
  grpc::Status compare(const k8s::ObjectKey& key, v1::Comparison& comparison) const {
    if (const std::string awaited = options_.starting(); !awaited.empty())
      return {grpc::StatusCode::UNAVAILABLE, "still starting: " + awaited};
    const EntryPtr entry = board_.read()->find(key);
    if (!entry) return {grpc::StatusCode::NOT_FOUND, "there is no decision on a ConsumerScaler " + key.to_string()};
    if (!entry->comparison)
      return {grpc::StatusCode::FAILED_PRECONDITION,
              "ConsumerScaler " + key.to_string() +
                  " scales its workload itself; it is compared with another autoscaler while its spec has `mode: "
                  "Observe`: kubectl patch cscaler " +
                  key.name + " -n " + key.ns + R"( --type merge -p '{"spec":{"mode":"Observe"}}')"};
    fill(*entry, entry->comparison->result(), comparison);
    return grpc::Status::OK;
  }

  const Board& board_;
  const FeedOptions options_;
  std::shared_ptr<Streams> streams_;
  std::jthread repeater_;
};

}  // namespace

std::unique_ptr<grpc::Service> make_decision_feed_service(Board& board, FeedOptions options) {
  return std::make_unique<FeedService>(board, std::move(options));
}

}  // namespace penstock::scaler
