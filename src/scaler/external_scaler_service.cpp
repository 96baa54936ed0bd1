#include "status.hpp"
#include "write_stream.hpp"

#include <penstock/scaler/services.hpp>

#include <algorithm>
#include <cctype>
#include <optional>

#include <externalscaler.grpc.pb.h>

namespace penstock::scaler {
namespace {

using externalscaler::GetMetricSpecResponse;
using externalscaler::IsActiveResponse;
using externalscaler::ScaledObjectRef;

// One for each ScaledObject is what KEDA asks for; this is more than any cluster of those.
constexpr std::size_t kMaxPushStreams = 50'000;
constexpr int kMaxMetadataEntries = 64;
// RFC 1123 names, as Kubernetes has them.
constexpr std::size_t kMaxName = 253;

bool names_an_address(std::string key) {
  std::transform(key.begin(), key.end(), key.begin(), [](unsigned char c) { return std::tolower(c); });
  return key.find("bootstrap") != std::string::npos || key.find("broker") != std::string::npos;
}

// The ConsumerScaler that a ScaledObject means: in its own namespace only.
Result<k8s::ObjectKey> key_of(const ScaledObjectRef& ref) {
  const auto& metadata = ref.scalermetadata();
  if (metadata.size() > static_cast<std::size_t>(kMaxMetadataEntries))
    return fail(Code::kInvalid, "scalerMetadata has too many entries", Retry::never());
  for (const auto& [key, unused] : metadata)
    if (names_an_address(key))
      return fail(Code::kInvalid,
                  "scalerMetadata must not name a Kafka address: name a ConsumerScaler with `consumerScaler`, its "
                  "EventPlatform has the address",
                  Retry::never());
  const auto name = metadata.find("consumerScaler");
  if (name == metadata.end() || name->second.empty())
    return fail(Code::kInvalid, "scalerMetadata must have `consumerScaler`, the name of a ConsumerScaler",
                Retry::never());
  if (ref.namespace_().empty()) return fail(Code::kInvalid, "the ScaledObject's namespace is missing", Retry::never());
  if (name->second.size() > kMaxName || ref.namespace_().size() > kMaxName ||
      name->second.find('/') != std::string::npos)
    return fail(Code::kInvalid, "`consumerScaler` must be the name of an object in the ScaledObject's namespace",
                Retry::never());
  return k8s::ObjectKey{ref.namespace_(), name->second};
}

void describe(std::int64_t target, GetMetricSpecResponse& response) {
  auto* spec = response.add_metricspecs();
  spec->set_metricname(metric_name(target));
  spec->set_targetsize(target);
  spec->set_targetsizefloat(static_cast<double>(target));
}

template <class Value, class Use>
Result<void> deliver(const Result<Value>& value, Use&& use) {
  if (!value) return std::unexpected(value.error());
  use(*value);
  return {};
}

// Sends a value whenever it is another one than before. An unknown is not sent.
template <class Message, class Value>
class ValueStream final : public WriteStream<Message> {
 public:
  using Read = std::function<Result<Value>()>;
  using Write = std::function<void(const Value&, Message&)>;
  ValueStream(Read read, Write write) : read_(std::move(read)), write_(std::move(write)) {}

 private:
  bool next(Message& message) override {
    const Result<Value> value = read_();
    if (!value) {
      if (value.error().code == Code::kNotFound || value.error().code == Code::kInvalid)
        this->finish(status_of(value.error()));
      return false;
    }
    if (sent_ == *value) return false;
    sent_ = *value;
    write_(*value, message);
    return true;
  }

  const Read read_;
  const Write write_;
  std::optional<Value> sent_;
};

class Service final : public externalscaler::ExternalScaler::CallbackService {
 public:
  Service(const Answers& answers, Board& board) : answers_(answers), streams_(std::make_shared<Streams>()) {
    board.subscribe([streams = streams_](const Board::Change& change) { streams->on(change); });
  }

  grpc::ServerUnaryReactor* IsActive(grpc::CallbackServerContext* context, const ScaledObjectRef* request,
                                     IsActiveResponse* response) override {
    return answer(context, *request, [&](const k8s::ObjectKey& key) -> Result<void> {
      return deliver(answers_.active(key), [&](bool active) { response->set_result(active); });
    });
  }

  grpc::ServerUnaryReactor* GetMetricSpec(grpc::CallbackServerContext* context, const ScaledObjectRef* request,
                                          GetMetricSpecResponse* response) override {
    return answer(context, *request, [&](const k8s::ObjectKey& key) -> Result<void> {
      return deliver(answers_.target(key), [&](std::int64_t target) { describe(target, *response); });
    });
  }

  grpc::ServerUnaryReactor* GetMetrics(grpc::CallbackServerContext* context,
                                       const externalscaler::GetMetricsRequest* request,
                                       externalscaler::GetMetricsResponse* response) override {
    const ScaledObjectRef& ref = request->scaledobjectref();
    return answer(context, ref, [&](const k8s::ObjectKey& key) -> Result<void> {
      const bool ours = ref.name() == key.name;  // the operator's ScaledObject bears its ConsumerScaler's name
      const auto target = target_of(request->metricname());
      if (!target) return std::unexpected(target.error());
      return deliver(answers_.metric(key, *target, ours), [&](double metric) {
        auto* value = response->add_metricvalues();
        value->set_metricname(request->metricname());
        value->set_metricvalue(static_cast<std::int64_t>(metric));
        value->set_metricvaluefloat(metric);
      });
    });
  }

  grpc::ServerWriteReactor<IsActiveResponse>* StreamIsActive(grpc::CallbackServerContext*,
                                                             const ScaledObjectRef* request) override {
    return stream<IsActiveResponse, bool>(
        *request, [this](const k8s::ObjectKey& key) { return answers_.active(key); },
        [](bool active, IsActiveResponse& message) { message.set_result(active); });
  }

  grpc::ServerWriteReactor<GetMetricSpecResponse>* StreamMetricSpec(grpc::CallbackServerContext*,
                                                                    const ScaledObjectRef* request) override {
    return stream<GetMetricSpecResponse, std::int64_t>(
        *request, [this](const k8s::ObjectKey& key) { return answers_.target(key); }, describe);
  }

 private:
  // Who is to be told of which object.
  class Streams {
   public:
    using Poke = std::function<void()>;
    // False when there are too many.
    bool add(const void* stream, const k8s::ObjectKey& key, Poke poke) {
      const std::lock_guard lock(mutex_);
      if (size_ == kMaxPushStreams) return false;
      ++size_;
      by_key_[key].emplace(stream, std::move(poke));
      return true;
    }
    void remove(const void* stream, const k8s::ObjectKey& key) {
      const std::lock_guard lock(mutex_);
      const auto found = by_key_.find(key);
      if (found == by_key_.end() || found->second.erase(stream) == 0) return;
      --size_;
      if (found->second.empty()) by_key_.erase(found);
    }
    void on(const Board::Change& change) {
      std::vector<Poke> pokes;
      {
        const std::lock_guard lock(mutex_);
        for (const auto* list : {&change.changed, &change.removed})
          for (const EntryPtr& entry : *list)
            if (const auto found = by_key_.find(entry->key); found != by_key_.end())
              for (const auto& [stream, poke] : found->second) pokes.push_back(poke);
      }
      for (const Poke& poke : pokes) poke();
    }

   private:
    std::mutex mutex_;
    std::size_t size_ = 0;
    std::unordered_map<k8s::ObjectKey, std::map<const void*, Poke>> by_key_;
  };

  template <class Fill>
  grpc::ServerUnaryReactor* answer(grpc::CallbackServerContext* context, const ScaledObjectRef& ref, Fill&& fill) {
    auto* reactor = context->DefaultReactor();
    const auto key = key_of(ref);
    const Result<void> done = key ? fill(*key) : Result<void>(std::unexpected(key.error()));
    reactor->Finish(done ? grpc::Status::OK : status_of(done.error()));
    return reactor;
  }

  template <class Message, class Value>
  grpc::ServerWriteReactor<Message>* stream(const ScaledObjectRef& ref,
                                            std::function<Result<Value>(const k8s::ObjectKey&)> read,
                                            typename ValueStream<Message, Value>::Write write) {
    const auto key = key_of(ref);
    auto refused = key ? Result<Value>(Value{}) : Result<Value>(std::unexpected(key.error()));
    const k8s::ObjectKey about = key.value_or(k8s::ObjectKey{});
    auto stream = std::make_shared<ValueStream<Message, Value>>(
        [about, refused, read = std::move(read)] { return refused ? read(about) : refused; }, std::move(write));
    const void* id = stream.get();
    stream->keep([streams = streams_, id, about] { streams->remove(id, about); });
    if (refused) {
      const std::weak_ptr<ValueStream<Message, Value>> weak = stream;
      const bool added = streams_->add(id, about, [weak] {
        if (const auto alive = weak.lock()) alive->pump();
      });
      if (!added) stream->refuse({grpc::StatusCode::RESOURCE_EXHAUSTED, "too many streams"});
    }
    stream->pump();
    return stream.get();
  }

  const Answers& answers_;
  std::shared_ptr<Streams> streams_;
};

}  // namespace

std::unique_ptr<grpc::Service> make_external_scaler_service(const Answers& answers, Board& board) {
  return std::make_unique<Service>(answers, board);
}

}  // namespace penstock::scaler
