#include <penstock/operator/difference.hpp>
#include <penstock/operator/platform/accounts.hpp>
#include <penstock/operator/platform/certificates.hpp>
#include <penstock/operator/platform/parts.hpp>

#include <algorithm>

namespace penstock::op::platform {
namespace {

// After a change: has it arrived?
constexpr Duration kVerify = 1s;

class Accounts {
 public:
  Accounts(PlatformPlan& plan, const Observed& observed, const Layout& layout, WallTime now)
      : plan_(plan), seen_(*observed.accounts), observed_(observed), layout_(layout), now_(now) {}

  void run() {
    if (!seen_.users) {
      const std::string text = "Kafka did not tell its users: " + seen_.users.error().what;
      const auto* before = layout_.platform().status.conditions.find("AccountsReady");
      return tell(false, "NotAsked", lasting_words(before, "NotAsked", text));
    }
    const std::size_t actions = plan_.actions.size();
    plan_.status.accounts.clear();
    record_new();
    for (const api::Account& account : wanted()) keep(account);
    for (const api::AccountStatus& record : recorded())
      if (std::ranges::count(wanted(), record.name, &api::Account::name) == 0) take_back(record);
    if (!problems_.empty()) return tell(false, "Conflict", join(problems_, "; "));
    if (plan_.actions.size() == actions) return tell(true, "InKafka", "every account can log in");
    tell(false, "Pending", "accounts are to be changed in Kafka or in their Secrets");
    plan_.look_again = std::min(plan_.look_again.value_or(kVerify), kVerify);
  }

 private:
  const std::vector<api::Account>& wanted() const { return layout_.platform().spec.accounts; }
  const std::vector<api::AccountStatus>& recorded() const { return layout_.platform().status.accounts; }
  const api::AccountStatus* record_of(const std::string& account) const {
    const auto found = std::ranges::find(recorded(), account, &api::AccountStatus::name);
    return found == recorded().end() ? nullptr : &*found;
  }

  void tell(bool good, const std::string& reason, const std::string& message) {
    plan_.status.conditions.set("AccountsReady", good ? api::ConditionStatus::kTrue : api::ConditionStatus::kFalse,
                                reason, message, layout_.platform().meta.generation, now_);
  }

  const Json* secret_of(const std::string& account) const {
    const auto found = seen_.secrets.find(account_secret_name(layout_, account));
    return found == seen_.secrets.end() ? nullptr : &found->second;
  }
  // Why nothing can be done for the account now; empty: something can.
  std::string obstacle(const std::string& account) const {
    const Json* secret = secret_of(account);
    if (secret == nullptr) return "";
    const std::string name = "Secret " + account_secret_name(layout_, account);
    if (!is_child(*secret, layout_.platform()))
      return name + " exists and does not belong to this EventPlatform: rename it or delete it";
    if (secret->at("metadata").contains("deletionTimestamp")) return name + " is being deleted";
    return "";
  }

  // Before anything of it is put into Kafka.
  void record_new() {
    api::EventPlatformStatus status = plan_.status;
    status.accounts = recorded();
    for (const auto& [name, login] : seen_.logins)
      if (record_of(name) == nullptr && obstacle(name).empty())
        status.accounts.push_back({name, login.user, login.since});
    if (status.accounts.size() > recorded().size())
      plan_.actions.push_back(record(layout_.platform(), status, "its accounts are to be put into Kafka"));
  }

  void keep(const api::Account& account) {
    const api::AccountStatus* before = record_of(account.name);
    const auto found = seen_.logins.find(account.name);
    if (std::string why = obstacle(account.name); !why.empty() || found == seen_.logins.end()) {
      problems_.push_back(why.empty() ? "there is no authority for account " + account.name : std::move(why));
      if (before != nullptr) plan_.status.accounts.push_back(*before);
      return;
    }
    const Login& login = found->second;
    const Json* live = secret_of(account.name);
    const bool taken = live != nullptr && is_taken(*live, account, login);
    // The user on record stays the one before until the Secret has the new one: whatever fails in between, the one that
    // clients have must not be given another password.
    if (taken || before == nullptr)
      plan_.status.accounts.push_back({account.name, login.user, login.since});
    else
      plan_.status.accounts.push_back(*before);
    if (account.authentication != api::kMutualTls && (!taken || !has(login.user, account.authentication)))
      plan_.actions.push_back(AlterScramUsers{{{login.user, account.authentication, login.password}},
                                              "account " + account.name + " logs in with it"});
    write(account, account_secret(layout_, account, login, observed_.certificates.nodes.signing.authorities), live);
    retire(account, login);
  }

  bool has(const std::string& user, const std::string& mechanism) const {
    const auto found = seen_.users->find(user);
    return found != seen_.users->end() && found->second.contains(mechanism);
  }

  void write(const api::Account& account, Json wanted, const Json* live) {
    const std::string why = "the clients of account " + account.name + " log in with it";
    if (live == nullptr) {
      plan_.actions.push_back(CreateObject{k8s::kinds::kSecret, std::move(wanted), why});
      return;
    }
    Json change = difference(wanted, *live, {"data"});
    if (change.empty()) return;
    change["metadata"]["uid"] = live->at("metadata").value("uid", "");
    change["metadata"]["resourceVersion"] = live->at("metadata").value("resourceVersion", "");
    plan_.actions.push_back(PatchObject{k8s::kinds::kSecret, k8s::key_of(wanted), std::move(change), why});
  }

  // Of both users, to be deleted.
  std::vector<kafka::ScramChange> all_passwords(const std::string& account) const {
    std::vector<kafka::ScramChange> out;
    for (const std::string& user : api::users_of(account))
      if (const auto found = seen_.users->find(user); found != seen_.users->end())
        for (const std::string& mechanism : found->second) out.push_back({user, mechanism, std::nullopt});
    return out;
  }

  // What the account logged in with before.
  void retire(const api::Account& account, const Login& login) {
    auto old = all_passwords(account.name);
    std::erase_if(old, [&](const kafka::ScramChange& each) {
      return each.user == login.user && each.mechanism == account.authentication;
    });
    if (old.empty()) return;
    const Duration left = login.since + account.rotation_overlap - now_;
    if (left > 0s) {
      plan_.look_again = std::min(plan_.look_again.value_or(left), left);
      return;
    }
    plan_.actions.push_back(AlterScramUsers{std::move(old), "account " + account.name + " has logged in as " +
                                                                login.user + " since " + format_time(login.since)});
  }

  void take_back(const api::AccountStatus& record) {
    const std::string why = "spec.accounts no longer has " + record.name;
    const Json* live = obstacle(record.name).empty() ? secret_of(record.name) : nullptr;
    auto gone = all_passwords(record.name);
    if (live == nullptr && gone.empty()) return;
    plan_.status.accounts.push_back(record);  // until nothing of it is left
    if (!gone.empty()) plan_.actions.push_back(AlterScramUsers{std::move(gone), why});
    if (live != nullptr)
      plan_.actions.push_back(
          DeleteObject{k8s::kinds::kSecret, k8s::key_of(*live), live->at("metadata").value("uid", ""), why});
  }

  PlatformPlan& plan_;
  const AccountsSeen& seen_;
  const Observed& observed_;
  const Layout& layout_;
  WallTime now_;
  std::vector<std::string> problems_;
};

}  // namespace

std::vector<kafka::AclBinding> scaler_acls() {
  std::vector<kafka::AclBinding> out;
  for (const auto resource : {kafka::ResourceType::kTopic, kafka::ResourceType::kGroup})
    out.push_back({.resource = resource,
                   .name = "*",
                   .principal = "User:CN=" + std::string(kScalerName),
                   .operation = kafka::Operation::kDescribe});
  return out;
}

void keep_scaler_access(PlatformPlan& plan, const Observed& observed) {
  if (!observed.scaler_acls) return;
  std::vector<kafka::AclBinding> missing;
  for (auto& binding : scaler_acls())
    if (std::ranges::find(*observed.scaler_acls, binding) == observed.scaler_acls->end())
      missing.push_back(std::move(binding));
  if (!missing.empty())
    plan.actions.push_back(CreateAcls{std::move(missing), "penstock-scaler looks at topics and groups, no more"});
}

void keep_accounts(PlatformPlan& plan, const Observed& observed, const Layout& layout, WallTime now) {
  if (observed.accounts) return Accounts(plan, observed, layout, now).run();
  if (known_accounts(observed.platform).empty()) plan.status.conditions.remove("AccountsReady");
}

}  // namespace penstock::op::platform
