#include "pool.hpp"

#include "sasl.hpp"
#include "tls.hpp"

#include <algorithm>
#include <utility>

namespace penstock::kafka::wire {

Pool::Pool(asio::io_context& io, Connection connection, std::string client_id, const Clock& clock)
    : setup_(std::make_shared<Setup>(Setup{io, clock, std::move(connection), std::move(client_id), {}, {}})) {
  const Connection& used = setup_->connection;
  auto addresses = parse_addresses(used.bootstrap_servers);
  if (addresses)
    bootstrap_ = std::move(*addresses);
  else
    broken_ = addresses.error();
  if (used.tls) {
    auto context = make_tls_context(used);
    if (context)
      setup_->tls = std::move(*context);
    else
      broken_ = context.error();
  }
  if (used.sasl)
    if (const auto sasl = make_sasl(*used.sasl, used.tls); !sasl) broken_ = sasl.error();
}

asio::awaitable<Result<Answer>> Pool::ask(std::optional<int> broker, std::shared_ptr<const Call> call,
                                          SteadyTime deadline) {
  const auto self = shared_from_this();
  if (broken_) co_return std::unexpected(*broken_);
  if (!broker) {
    auto answer = co_await ask_each(call, deadline);
    co_return answer;
  }
  const auto found = known_.find(*broker);
  if (found == known_.end())
    co_return fail(Code::kNotFound, "broker " + std::to_string(*broker) + " is not one of the cluster's known brokers");
  const Address address = found->second;
  auto answer = co_await ask_one(address, call, deadline);
  co_return answer;
}

asio::awaitable<Result<Answer>> Pool::ask_one(Address address, std::shared_ptr<const Call> call, SteadyTime deadline) {
  for (bool again = false;; again = true) {
    const auto link = link_to(address);
    if (!link) co_return std::unexpected(link.error());
    const bool used_before = (*link)->is_open();
    auto answer = co_await (*link)->ask(call, deadline);
    if (answer) {
      gates_.erase(address);
      refused_.why.reset();
      refused_.backoff.reset();
      co_return answer;
    }
    // Closed by the broker while nobody looked, as Kafka does with idle connections.
    const bool stale = used_before && !again && (*link)->lost() && answer.error().code == Code::kUnavailable;
    if (!stale) co_return answer;
  }
}

asio::awaitable<Result<Answer>> Pool::ask_each(std::shared_ptr<const Call> call, SteadyTime deadline) {
  std::optional<Error> first;
  const std::vector<Address> all = candidates();
  for (const Address& address : all) {
    auto answer = co_await ask_one(address, call, deadline);
    if (answer) co_return answer;
    const Code code = answer.error().code;
    if (code != Code::kUnavailable && code != Code::kTimeout) co_return answer;
    if (!first) first = answer.error();
    if (setup_->clock.now() >= deadline) break;
  }
  co_return fail("no broker can be reached", *first);
}

std::vector<Address> Pool::candidates() const {
  std::vector<Address> all;
  for (const auto& [id, address] : known_) all.push_back(address);
  for (const auto& address : bootstrap_)
    if (std::ranges::find(all, address) == all.end()) all.push_back(address);
  std::ranges::stable_partition(all, [&](const Address& address) {
    const auto link = links_.find(address);
    return link != links_.end() && link->second->is_open();
  });
  return all;
}

std::string Pool::name_of(const Address& address) const {
  for (const auto& [id, known] : known_)
    if (known == address) return "broker " + std::to_string(id) + " at " + address.to_string();
  return "bootstrap server " + address.to_string();
}

Result<std::shared_ptr<Link>> Pool::link_to(const Address& address) {
  std::erase_if(retired_, [](const auto& link) { return link->ended(); });
  if (const auto found = links_.find(address); found != links_.end()) {
    if (!found->second->ended() && !found->second->worn_out()) return found->second;
    found->second->retire();
    retired_.push_back(found->second);
    links_.erase(found);
  }
  if (auto why = shut(refused_)) return std::unexpected(std::move(*why));
  if (const auto gate = gates_.find(address); gate != gates_.end())
    if (auto why = shut(gate->second)) return std::unexpected(std::move(*why));
  auto link = std::make_shared<Link>(setup_, address, name_of(address),
                                     [weak = weak_from_this()](const Link& ended, const Error& why) {
                                       if (const auto self = weak.lock()) self->link_ended(ended, why);
                                     });
  links_[address] = link;
  link->open();
  return link;
}

std::optional<Error> Pool::shut(Gate& gate) const {
  if (!gate.why || setup_->clock.now() >= gate.not_before) return std::nullopt;
  Error why = *gate.why;
  why.retry = Retry::after(gate.not_before - setup_->clock.now());
  return why;
}

void Pool::close_gate(Gate& gate, const Error& why) {
  gate.why = why;
  gate.not_before = setup_->clock.now() + gate.backoff.next();
}

// A connection that has answered before may be opened anew at once.
void Pool::link_ended(const Link& link, const Error& why) {
  if (why.code == Code::kUnauthorized)
    close_gate(refused_, why);
  else if (!link.answered())
    close_gate(gates_[link.address()], why);
}

void Pool::learn(std::map<int, Address> known) {
  known_ = std::move(known);
  const auto all = candidates();
  const auto gone = [&](const auto& entry) { return std::ranges::find(all, entry.first) == all.end(); };
  std::erase_if(gates_, gone);
  // Bootstrap servers too, unless one is a broker's own address: they have done their part.
  for (auto link = links_.begin(); link != links_.end();) {
    const bool keep = std::ranges::any_of(known_, [&](const auto& one) { return one.second == link->first; });
    if (!keep) {
      link->second->retire();
      retired_.push_back(link->second);
    }
    link = keep ? std::next(link) : links_.erase(link);
  }
}

std::optional<std::int16_t> Pool::version(int broker, const Api& api) const {
  const auto address = known_.find(broker);
  if (address == known_.end()) return std::nullopt;
  const auto link = links_.find(address->second);
  return link != links_.end() && link->second->is_open() ? link->second->version(api) : std::nullopt;
}

void Pool::cancel() {
  const Error stopped{Code::kCancelled, "the client was stopped", Retry::never()};
  for (const auto& [address, link] : std::exchange(links_, {})) link->close(stopped);
  for (const auto& link : std::exchange(retired_, {})) link->close(stopped);
}

}  // namespace penstock::kafka::wire
