#include "web/sessions.h"

#include "base/digest.h"
#include "base/file.h"
#include "base/text.h"

namespace perch::web {
namespace {

constexpr std::size_t kMaxTickets = 10000;
constexpr std::size_t kKeyLength = 64;

std::int64_t Seconds(Time time) {
  return std::chrono::duration_cast<std::chrono::seconds>(time.time_since_epoch()).count();
}

}  // namespace

std::string Sessions::Sign(std::string_view purpose, std::string_view text) const {
  return HmacSha256Hex(key_.Reveal(), std::string(purpose) + "\n" + std::string(text));
}

std::string Sessions::Issue(std::string_view host) const {
  const std::string body = std::to_string(Seconds(clock_() + kSessionLength)) + "." + RandomHex(16);
  return body + "." + Sign("session", std::string(host) + "\n" + body);
}

bool Sessions::Valid(std::string_view host, std::string_view value) const {
  if (value.size() > 200) return false;
  const std::size_t last = value.rfind('.');
  if (last == std::string_view::npos) return false;
  const std::string_view body = value.substr(0, last);
  const std::string expected = Sign("session", std::string(host) + "\n" + std::string(body));
  if (!EqualInConstantTime(expected, value.substr(last + 1))) return false;
  const std::optional<std::uint64_t> until = ParseNumber(body.substr(0, body.find('.')));
  return until && static_cast<std::int64_t>(*until) > Seconds(clock_());
}

std::string Sessions::FormKey(std::string_view session) const { return Sign("form", session); }

std::string Sessions::IssueTicket(const std::string& host, const std::string& path) {
  const Time now = clock_();
  const std::scoped_lock lock(mutex_);
  std::erase_if(tickets_, [&](const std::pair<const std::string, Ticket>& entry) { return entry.second.until <= now; });
  if (tickets_.size() >= kMaxTickets) tickets_.clear();
  const std::string ticket = RandomHex(32);
  tickets_[ticket] = {.host = host, .path = path, .until = now + kTicketLength};
  return ticket;
}

std::optional<std::string> Sessions::RedeemTicket(std::string_view host, const std::string& ticket) {
  const std::scoped_lock lock(mutex_);
  const std::map<std::string, Ticket>::iterator found = tickets_.find(ticket);
  if (found == tickets_.end()) return std::nullopt;
  const Ticket redeemed = std::move(found->second);
  tickets_.erase(found);
  if (redeemed.host != host || redeemed.until <= clock_()) return std::nullopt;
  return redeemed.path;
}

Result<Secret> LoadOrMakeKey(const std::filesystem::path& path) {
  Result<std::string> stored = ReadFile(path, 4096);
  if (stored) {
    const std::string key(Trim(*stored));
    if (key.size() >= kKeyLength) return Secret(key);
    return Fail({.kind = ErrorKind::kFailed,
                 .what = "the key for sign-ins is too short",
                 .where = path.string(),
                 .why = "it has " + std::to_string(key.size()) + " characters instead of 64",
                 .hint = "Delete the file; perch makes a new one, and everybody signs in again."});
  }
  if (stored.error().kind != ErrorKind::kNotFound) return Fail(stored.error(), "reading the key for sign-ins");
  const std::string key = RandomHex(kKeyLength / 2);
  if (Status written = WriteFileAtomically(path, key + "\n", 0600); !written) return Fail(written.error());
  return Secret(key);
}

}  // namespace perch::web
