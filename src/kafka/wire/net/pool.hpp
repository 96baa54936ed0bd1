// Which broker has which connection, and which address may be tried again when.
#pragma once
#include "link.hpp"

#include <penstock/base/backoff.hpp>

#include <set>

namespace penstock::kafka::wire {

// A broker that is back must be found within a tick; one that refuses our credentials may count the attempts.
inline constexpr Duration kFirstBackoff{100}, kLongestBackoff{1'000}, kLongestBackoffOfRefused{10'000};

class Pool : public std::enable_shared_from_this<Pool> {
 public:
  Pool(asio::io_context& io, Connection connection, std::string client_id, const Clock& clock);

  asio::awaitable<Result<Answer>> ask(std::optional<int> broker, std::shared_ptr<const Call> call, SteadyTime deadline);
  void learn(std::map<int, Address> known);
  std::optional<std::int16_t> version(int broker, const Api& api) const;
  void cancel();
  const Traffic& traffic() const { return setup_->traffic; }
  void count(const Error& error) { ++setup_->traffic.errors[error.code]; }

 private:
  // Why something isn't tried before a time.
  struct Gate {
    Backoff backoff{kFirstBackoff, kLongestBackoff};
    SteadyTime not_before{};
    std::optional<Error> why;
  };
  asio::awaitable<Result<Answer>> ask_one(Address address, std::shared_ptr<const Call> call, SteadyTime deadline);
  asio::awaitable<Result<Answer>> ask_each(std::shared_ptr<const Call> call, SteadyTime deadline);
  // The connection to it, opened if need be; the gate's reason while it is shut.
  Result<std::shared_ptr<Link>> link_to(const Address& address);
  std::optional<Error> shut(Gate& gate) const;
  void close_gate(Gate& gate, const Error& why);
  void link_ended(const Link& link, const Error& why);
  std::vector<Address> candidates() const;
  std::string name_of(const Address& address) const;

  const std::shared_ptr<Setup> setup_;
  std::optional<Error> broken_;  // the Connection can't be used at all
  std::vector<Address> bootstrap_;
  std::map<int, Address> known_;
  std::map<Address, std::shared_ptr<Link>> links_;
  std::vector<std::shared_ptr<Link>> retired_;
  std::map<Address, Gate> gates_;
  Gate refused_{Backoff{kFirstBackoff, kLongestBackoffOfRefused},
                {},
                {}};  // wrong credentials are wrong at every broker, and trying them on locks accounts
};

}  // namespace penstock::kafka::wire
