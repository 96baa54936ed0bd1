#include <penstock/scaler/world.hpp>

#include <algorithm>

namespace penstock::scaler {
namespace {

k8s::ObjectKey platform_of(const api::ConsumerScaler& scaler) {
  const api::PlatformRef& ref = scaler.spec.platform;
  return {ref.ns.empty() ? scaler.meta.ns : ref.ns, ref.name};
}

// Moves a member from the set of its old owner to that of its new one; nullopt: it has none.
template <class Owner>
void move(std::map<Owner, std::set<k8s::ObjectKey>>& members, std::map<k8s::ObjectKey, Owner>& owner_of,
          const k8s::ObjectKey& member, const std::optional<Owner>& owner) {
  if (const auto old = owner_of.find(member); old != owner_of.end()) {
    if (owner == old->second) return;
    const auto set = members.find(old->second);
    set->second.erase(member);
    if (set->second.empty()) members.erase(set);
    owner_of.erase(old);
  }
  if (!owner) return;
  members[*owner].insert(member);
  owner_of.emplace(member, *owner);
}

}  // namespace

Result<HpaView> parse_hpa(const Json& object) {
  try {
    const Json& target = object.at("spec").at("scaleTargetRef");
    HpaView view;
    view.target = {target.value("apiVersion", ""), target.at("kind"), target.at("name")};
    if (const auto status = object.find("status"); status != object.end())
      view.desired = status->value("desiredReplicas", 0);
    return view;
  } catch (const Json::exception& error) {
    return fail(Code::kInvalid, std::string("HorizontalPodAutoscaler: ") + error.what(), Retry::never());
  }
}

World::World()
    : scalers(api::parse_consumer_scaler),
      hpas(parse_hpa),
      views(kafka::parse_platform_view),
      certificates(api::parse_tls_secret) {
  scalers.subscribe([this](const k8s::ObjectKey& key) { index_scaler(key); });
  hpas.subscribe([this](const k8s::ObjectKey& key) { index_hpa(key); });
  views.subscribe([this](const k8s::ObjectKey& key) { index_view(key); });
}

std::string World::awaited() const {
  std::string names;
  const auto note = [&](bool synced, const char* name) {
    if (!synced) names += (names.empty() ? "" : ", ") + std::string(name);
  };
  note(scalers.synced(), "ConsumerScalers");
  note(hpas.synced(), "HorizontalPodAutoscalers");
  note(views.synced(), "platform views");
  return names;
}

void World::index_scaler(const k8s::ObjectKey& key) {
  const auto entry = scalers.get(key);
  std::optional<k8s::ObjectKey> platform;
  std::optional<std::pair<std::string, Target>> target;
  if (entry && *entry) {
    platform = platform_of(**entry);
    target = {key.ns, {(*entry)->spec.target.kind, (*entry)->spec.target.name}};
  }
  const std::lock_guard lock(mutex_);
  const auto before = platform_of_scaler_.find(key);
  if (before != platform_of_scaler_.end() && before->second == platform) {
    touch_locked(*platform, key);
  } else {
    if (before != platform_of_scaler_.end()) listed_.erase(before->second);
    if (platform) listed_.erase(*platform);
  }
  move(scalers_of_platform_, platform_of_scaler_, key, platform);
  move(scalers_of_target_, target_of_scaler_, key, target);
}

void World::index_hpa(const k8s::ObjectKey& key) {
  const auto entry = hpas.get(key);
  std::optional<std::pair<std::string, Target>> target;
  if (entry && *entry) target = {key.ns, {(*entry)->target.kind, (*entry)->target.name}};
  const std::lock_guard lock(mutex_);
  if (const auto before = target_of_hpa_.find(key); before != target_of_hpa_.end())
    touch_scalers_of_locked(before->second);
  move(hpas_of_target_, target_of_hpa_, key, target);
  if (target) touch_scalers_of_locked(*target);
}

void World::index_view(const k8s::ObjectKey& key) {
  const auto entry = views.get(key);
  const std::lock_guard lock(mutex_);
  if (const auto before = platform_of_view_.find(key); before != platform_of_view_.end()) listed_.erase(before->second);
  // An update that can't be read leaves the platform where it was, so that it is missed there and not elsewhere.
  if (!entry) {
    platform_of_view_.erase(key);
  } else if (*entry) {
    const k8s::ObjectKey platform{(*entry)->ns, (*entry)->name};
    platform_of_view_.insert_or_assign(key, platform);
    listed_.erase(platform);
  }
}

void World::touch_locked(const k8s::ObjectKey& platform, const k8s::ObjectKey& scaler) {
  if (const auto found = listed_.find(platform); found != listed_.end()) found->second.touched.insert(scaler);
}

void World::touch_scalers_of_locked(const std::pair<std::string, Target>& target) {
  const auto found = scalers_of_target_.find(target);
  if (found == scalers_of_target_.end()) return;
  for (const auto& scaler : found->second) touch_locked(platform_of_scaler_.at(scaler), scaler);
}

Result<api::TlsSecret> World::tls(const std::string& release_namespace) const {
  return certificates.require({release_namespace, std::string(api::kScalerTlsSecret)}, "Secret", "penstock-operator");
}

Result<kafka::PlatformView> World::view(const k8s::ObjectKey& platform) const {
  k8s::ObjectKey secret;
  {
    const std::lock_guard lock(mutex_);
    for (const auto& [key, shown] : platform_of_view_)
      if (shown == platform) secret = key;
  }
  const auto entry = secret.name.empty() ? nullptr : views.get(secret);
  if (!entry)
    return fail(Code::kUnavailable,
                "EventPlatform " + platform.to_string() + " is not there or not ready to be read: see its conditions");
  if (!*entry) return fail("EventPlatform " + platform.to_string(), entry->error());
  return **entry;
}

std::set<k8s::ObjectKey> World::platforms() const {
  std::set<k8s::ObjectKey> platforms;
  const std::lock_guard lock(mutex_);
  for (const auto& [secret, platform] : platform_of_view_) platforms.insert(platform);
  return platforms;
}

World::Subjects World::subjects_of(const k8s::ObjectKey& platform) const {
  const std::lock_guard listing(listing_);
  Subjects before;
  std::set<k8s::ObjectKey> touched;
  {
    const std::lock_guard lock(mutex_);
    // What changes from here on is for the next time, or erases this again.
    Listed& listed = listed_[platform];
    before = listed.subjects;
    touched.swap(listed.touched);
  }
  if (before && touched.empty()) return before;
  const Subjects subjects = before ? renew_subjects(platform, *before, touched) : list_subjects(platform);
  const std::lock_guard lock(mutex_);
  if (const auto found = listed_.find(platform); found != listed_.end()) found->second.subjects = subjects;
  return subjects;
}

World::Subjects World::list_subjects(const k8s::ObjectKey& platform) const {
  std::set<k8s::ObjectKey> keys;
  {
    const std::lock_guard lock(mutex_);
    if (const auto found = scalers_of_platform_.find(platform); found != scalers_of_platform_.end())
      keys = found->second;
  }
  const Result<kafka::PlatformView> shown = view(platform);
  auto subjects = std::make_shared<std::vector<Subject>>();
  subjects->reserve(keys.size());
  for (const auto& key : keys)
    if (auto one = subject(key, shown)) subjects->push_back(std::move(*one));
  return subjects;
}

World::Subjects World::renew_subjects(const k8s::ObjectKey& platform, const std::vector<Subject>& before,
                                      const std::set<k8s::ObjectKey>& touched) const {
  const Result<kafka::PlatformView> shown = view(platform);
  auto subjects = std::make_shared<std::vector<Subject>>(before);
  for (const auto& key : touched) {
    const auto place = std::ranges::lower_bound(
        *subjects, key, {}, [](const Subject& s) { return k8s::ObjectKey{s.scaler->meta.ns, s.scaler->meta.name}; });
    // One that was deleted meanwhile stays until its list is made anew, which that has asked for.
    if (place == subjects->end() || place->scaler->meta.name != key.name || place->scaler->meta.ns != key.ns) continue;
    if (auto one = subject(key, shown)) *place = std::move(*one);
  }
  return subjects;
}

std::vector<Subject> World::subjects_without_platform() const {
  const std::set<k8s::ObjectKey> known = platforms();
  std::set<k8s::ObjectKey> missing;
  {
    const std::lock_guard lock(mutex_);
    for (const auto& [platform, unused] : scalers_of_platform_)
      if (!known.contains(platform)) missing.insert(platform);
  }
  std::vector<Subject> subjects;
  for (const auto& platform : missing)
    for (const Subject& one : *subjects_of(platform)) subjects.push_back(one);
  return subjects;
}

std::optional<Subject> World::subject(const k8s::ObjectKey& key, const Result<kafka::PlatformView>& view) const {
  const auto entry = scalers.get(key);
  if (!entry || !*entry) return std::nullopt;
  const api::ConsumerScaler& scaler = **entry;
  Subject subject{{entry, &scaler}, hpa_desired(key.ns, scaler.spec.target), "", view && view->unsettled};
  if (!view) {
    subject.refusal = view.error().what;
  } else if (const auto allowed = view->may_read(key.ns, scaler.spec.consumer_group, scaler.spec.topics); !allowed) {
    subject.refusal = allowed.error().what;
  }
  return subject;
}

std::optional<int> World::hpa_desired(const std::string& ns, const api::ScaleTarget& target) const {
  std::set<k8s::ObjectKey> keys;
  {
    const std::lock_guard lock(mutex_);
    const auto found = hpas_of_target_.find({ns, {target.kind, target.name}});
    if (found == hpas_of_target_.end()) return std::nullopt;
    keys = found->second;
  }
  std::optional<int> most;
  for (const auto& key : keys)
    if (const auto entry = hpas.get(key); entry && *entry) most = std::max(most.value_or(0), (*entry)->desired);
  return most;
}

Watches::Watches(World& world, std::shared_ptr<http::Transport> transport, const std::string& release_namespace) {
  const auto watch = [&](const k8s::Resource& resource, k8s::ListParams selection, auto& store) {
    informers_.push_back(std::make_unique<k8s::Informer>(resource, std::move(selection), transport,
                                                         [&store](const k8s::WatchEvent& event) { store.on(event); }));
  };
  k8s::ListParams shown;
  shown.ns = release_namespace;
  shown.label_selector = std::string(kafka::kViewLabel) + "=true";
  k8s::ListParams certificate;
  certificate.ns = release_namespace;
  certificate.field_selector = "metadata.name=" + std::string(api::kScalerTlsSecret);
  watch(k8s::kinds::kSecret, shown, world.views);
  watch(k8s::kinds::kSecret, certificate, world.certificates);
  watch(k8s::kinds::kHorizontalPodAutoscaler, {}, world.hpas);
  watch(k8s::kinds::kConsumerScaler, {}, world.scalers);
}

}  // namespace penstock::scaler
