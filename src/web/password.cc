#include "web/password.h"

#include <openssl/evp.h>

#include <algorithm>

#include "base/digest.h"
#include "base/text.h"

namespace perch::web {
namespace {

constexpr int kFreeTries = 5;
constexpr std::chrono::minutes kLongestWait{15};
constexpr std::chrono::hours kForgetAfter{1};
constexpr std::size_t kMaxRecords = 10000;
constexpr std::size_t kLongestPassword = 1024;

std::string AddressGroup(std::string_view peer) {
  if (peer.find(':') == std::string_view::npos) return std::string(peer);
  if (peer.starts_with("::ffff:")) return std::string(peer);
  std::vector<std::string> groups;
  for (const std::string& group : Split(peer, ':')) {
    if (group.empty() || groups.size() == 4) break;
    groups.push_back(group);
  }
  return Join(groups, ":") + "::/64";
}

}  // namespace

Password::Password(const Secret& password, int iterations)
    : iterations_(iterations), salt_(RandomHex(16)), hash_(Derive(password.Reveal())) {}

std::string Password::Derive(std::string_view password) const {
  std::string out(32, '\0');
  const int done = PKCS5_PBKDF2_HMAC(password.data(), static_cast<int>(password.size()),
                                     reinterpret_cast<const unsigned char*>(salt_.data()),
                                     static_cast<int>(salt_.size()), iterations_, EVP_sha256(),
                                     static_cast<int>(out.size()), reinterpret_cast<unsigned char*>(out.data()));
  return done == 1 ? out : RandomHex(32);  // A hash that nothing matches: failing closed.
}

bool Password::Matches(std::string_view guess) const {
  const std::scoped_lock lock(one_at_a_time_);
  return EqualInConstantTime(Derive(guess.substr(0, kLongestPassword)), hash_);
}

std::chrono::seconds LoginThrottle::WaitFor(std::string_view peer) const {
  const std::scoped_lock lock(mutex_);
  const std::map<std::string, Record>::const_iterator found = records_.find(AddressGroup(peer));
  if (found == records_.end()) return std::chrono::seconds(0);
  const std::chrono::milliseconds left = found->second.free_at - clock_();
  return std::max(std::chrono::ceil<std::chrono::seconds>(left), std::chrono::seconds(0));
}

void LoginThrottle::NoteWrong(std::string_view peer) {
  const Time now = clock_();
  const std::scoped_lock lock(mutex_);
  std::erase_if(records_, [&](const std::pair<const std::string, Record>& entry) {
    return entry.second.last + kForgetAfter < now;
  });
  if (records_.size() >= kMaxRecords) {
    records_.erase(std::ranges::min_element(
        records_, {}, [](const std::pair<const std::string, Record>& entry) { return entry.second.last; }));
  }
  Record& record = records_[AddressGroup(peer)];
  record.wrong += 1;
  record.last = now;
  if (record.wrong < kFreeTries) return;
  const std::chrono::seconds wait(1LL << std::min(record.wrong - kFreeTries + 1, 20));
  record.free_at = now + std::min<std::chrono::milliseconds>(wait, kLongestWait);
}

void LoginThrottle::NoteRight(std::string_view peer) {
  const std::scoped_lock lock(mutex_);
  records_.erase(AddressGroup(peer));
}

}  // namespace perch::web
