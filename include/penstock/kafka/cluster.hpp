// One Kafka cluster for the operator: metadata, topics, configuration, ACLs, users. Every call is one batch with a
// result for each item, blocks the caller for at most the timeout, and may come from any thread. "Already exists" is an
// error of the item (kAlreadyExists), a missing topic too (kNotFound); authorisation is kForbidden; what a cluster
// lacks (no authorizer, old version) is kUnsupported. A broker learns of a change a moment after the controller has
// confirmed it: what was just made may be missing for some milliseconds.
#pragma once
#include <penstock/kafka/types.hpp>

#include <map>
#include <memory>
#include <set>
#include <vector>

namespace penstock::kafka {

class Cluster {
 public:
  virtual ~Cluster() = default;

  virtual Result<ClusterInfo> describe(Duration timeout) = 0;
  virtual Result<PerItem<TopicInfo>> topics(const std::vector<std::string>& names, Duration timeout) = 0;
  // Up to 10,000 partitions a call.
  virtual Result<PerItem<void>> create_topics(const std::vector<NewTopic>& topics, Duration timeout) = 0;
  // topic → its new total.
  virtual Result<PerItem<void>> grow_partitions(const std::map<std::string, int>& totals, Duration timeout) = 0;
  virtual Result<PerItem<void>> delete_topics(const std::vector<std::string>& names, Duration timeout) = 0;
  virtual Result<PerItem<std::vector<ConfigEntry>>> topic_configs(const std::vector<std::string>& topics,
                                                                  Duration timeout) = 0;
  virtual Result<PerItem<void>> alter_topic_configs(const std::vector<TopicConfigChange>& changes,
                                                    Duration timeout) = 0;

  // Of one broker; keys that are not named stay as they are. The same value as before makes it read the files anew that
  // its settings name.
  virtual Result<void> alter_broker_config(int broker, const std::map<std::string, std::string>& set,
                                           Duration timeout) = 0;
  // What is shown at an address to those who speak TLS, whether it can be trusted or not, and whether we are let in.
  virtual Result<ShownCertificate> shown_certificate(const std::string& host, int port, Duration timeout) = 0;

  // Of this principal, of everybody if empty; without those that AclBinding has no words for (other resources, other
  // operations).
  virtual Result<std::vector<AclBinding>> acls(const std::string& principal, Duration timeout) = 0;
  // Item names are AclBinding::to_string(). To create what exists and to delete what doesn't is a success, as in Kafka.
  virtual Result<PerItem<void>> create_acls(const std::vector<AclBinding>& bindings, Duration timeout) = 0;
  virtual Result<PerItem<void>> delete_acls(const std::vector<AclBinding>& bindings, Duration timeout) = 0;

  // Users that have SCRAM credentials, with the mechanisms of these.
  virtual Result<std::map<std::string, std::set<std::string>>> scram_users(Duration timeout) = 0;
  // Item names are users. What a user has with another mechanism stays; to delete what there isn't is a success.
  virtual Result<PerItem<void>> alter_scram_users(const std::vector<ScramChange>& changes, Duration timeout) = 0;

  // Groups with at least one member that is assigned a partition of this topic; where assignments can't be seen, with
  // members and commits to it. Never a part of them: a broker that does not answer is an error.
  virtual Result<std::vector<std::string>> active_groups_of(const std::string& topic, Duration timeout) = 0;
};

// Connects lazily: an address where nobody answers shows in the first call.
Result<std::unique_ptr<Cluster>> open_cluster(const Connection& connection, const std::string& client_id);

}  // namespace penstock::kafka
