#include "local/proc.h"

#include <dirent.h>
#include <fcntl.h>
#include <grp.h>
#include <poll.h>
#include <signal.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <charconv>
#include <memory>
#include <set>
#include <thread>

#include "base/text.h"

namespace perch::local {
namespace {

using std::chrono::milliseconds;

std::string ReadSmall(const std::string& path) {
  const UniqueFd fd(open(path.c_str(), O_RDONLY | O_CLOEXEC));
  std::string text;
  char buffer[1 << 14];
  for (ssize_t got; fd && (got = read(fd.get(), buffer, sizeof buffer)) > 0;) text.append(buffer, std::size_t(got));
  return text;
}

std::vector<std::string> Names(const std::string& path) {
  std::vector<std::string> names;
  const std::unique_ptr<DIR, int (*)(DIR*)> folder(opendir(path.c_str()), closedir);
  if (!folder) return names;
  while (const dirent* entry = readdir(folder.get())) {
    if (entry->d_name[0] != '.') names.emplace_back(entry->d_name);
  }
  return names;
}

struct Stat {
  char state = 'Z';
  std::uint64_t start_time = 0;
};

std::optional<Stat> ReadStat(pid_t pid) {
  const std::string text = ReadSmall("/proc/" + std::to_string(pid) + "/stat");
  const std::size_t after_name = text.rfind(')');  // a name may hold anything, ") " too
  if (after_name == std::string::npos || after_name + 2 >= text.size()) return std::nullopt;
  const std::vector<std::string> fields = Split(std::string_view(text).substr(after_name + 2), ' ');
  if (fields.size() < 20) return std::nullopt;
  return Stat{fields[0][0], ParseNumber(fields[19]).value_or(0)};
}

struct Socket {
  std::uint16_t port;
  bool everywhere;  // 0.0.0.0 or ::
  std::string inode;
};

/// The listening sockets of this machine, from /proc/net/tcp and tcp6 (proc(5)).
std::vector<Socket> ListeningSockets() {
  std::vector<Socket> sockets;
  for (const char* file : {"/proc/net/tcp", "/proc/net/tcp6"}) {
    for (const std::string& line : Lines(ReadSmall(file))) {
      std::vector<std::string> fields;
      for (std::string& field : Split(line, ' ')) {
        if (!field.empty()) fields.push_back(std::move(field));
      }
      if (fields.size() < 10 || fields[3] != "0A") continue;
      const std::size_t colon = fields[1].rfind(':');
      if (colon == std::string::npos) continue;
      std::uint16_t port = 0;
      std::from_chars(fields[1].data() + colon + 1, fields[1].data() + fields[1].size(), port, 16);
      const bool everywhere = fields[1].find_first_not_of('0') >= colon;
      sockets.push_back({port, everywhere, fields[9]});
    }
  }
  return sockets;
}

std::set<std::string> SocketsOf(pid_t pid) {
  std::set<std::string> inodes;
  const std::string folder = "/proc/" + std::to_string(pid) + "/fd/";
  for (const std::string& name : Names(folder)) {
    char target[64];
    const ssize_t size = readlink((folder + name).c_str(), target, sizeof target);
    const std::string_view text(target, std::size_t(std::max<ssize_t>(size, 0)));
    if (text.starts_with("socket:[")) inodes.emplace(text.substr(8, text.size() - 9));
  }
  return inodes;
}

}  // namespace

const std::string& BootId() {
  static const std::string id(Trim(ReadSmall("/proc/sys/kernel/random/boot_id")));
  return id;
}

std::optional<ProcessId> Identify(pid_t pid) {
  const std::optional<Stat> stat = ReadStat(pid);
  if (pid <= 0 || !stat || stat->state == 'Z' || stat->state == 'X') return std::nullopt;
  return ProcessId{pid, stat->start_time, BootId()};
}

bool Alive(const ProcessId& id) { return id.pid > 0 && Identify(id.pid) == id; }

UniqueFd OpenProcess(const ProcessId& id) {
  UniqueFd fd(id.pid > 0 ? int(syscall(SYS_pidfd_open, id.pid, 0)) : -1);
  if (fd && !Alive(id)) fd.Close();
  return fd;
}

std::vector<pid_t> Descendants(pid_t pid) {
  std::vector<pid_t> found = {pid};
  for (std::size_t i = 0; i < found.size(); ++i) {
    const std::string tasks = "/proc/" + std::to_string(found[i]) + "/task/";
    for (const std::string& task : Names(tasks)) {
      for (const std::string& child : Split(ReadSmall(tasks + task + "/children"), ' ')) {
        const auto number = ParseNumber(Trim(child));
        if (number && std::find(found.begin(), found.end(), pid_t(*number)) == found.end()) {
          found.push_back(pid_t(*number));
        }
      }
    }
  }
  found.erase(found.begin());
  return found;
}

std::optional<pid_t> Listener(std::uint16_t port, const std::vector<pid_t>& among) {
  std::set<std::string> inodes;
  for (Socket& socket : ListeningSockets()) {
    if (socket.port == port) inodes.insert(std::move(socket.inode));
  }
  if (inodes.empty()) return std::nullopt;
  for (const pid_t pid : among) {
    for (const std::string& inode : SocketsOf(pid)) {
      if (inodes.contains(inode)) return pid;
    }
  }
  return 0;
}

bool ListensEverywhere(std::uint16_t port) {
  const std::vector<Socket> sockets = ListeningSockets();
  return std::any_of(sockets.begin(), sockets.end(),
                     [&](const Socket& socket) { return socket.port == port && socket.everywhere; });
}

std::vector<std::uint16_t> ListeningPorts(const std::vector<pid_t>& among) {
  std::set<std::string> held;
  for (const pid_t pid : among) held.merge(SocketsOf(pid));
  std::set<std::uint16_t> ports;
  for (const Socket& socket : ListeningSockets()) {
    if (held.contains(socket.inode)) ports.insert(socket.port);
  }
  return {ports.begin(), ports.end()};
}

std::vector<pid_t> ProcessesOf(uid_t uid) {
  std::vector<pid_t> found;
  for (const std::string& name : Names("/proc")) {
    const auto pid = ParseNumber(name);
    struct stat info{};
    if (!pid || stat(("/proc/" + name).c_str(), &info) != 0) continue;
    const std::string status = ReadSmall("/proc/" + name + "/status");
    const std::size_t at = status.find("\nUid:\t");
    if (at == std::string::npos || status.find("\nState:\tZ") != std::string::npos) continue;
    for (const std::string& id :
         Split(Trim(std::string_view(status).substr(at + 6, status.find('\n', at + 6) - at - 6)), '\t')) {
      if (ParseNumber(id) == std::uint64_t(uid)) {
        found.push_back(pid_t(*pid));
        break;
      }
    }
  }
  return found;
}

bool KillAllOf(uid_t uid, milliseconds patience) {
  const auto deadline = std::chrono::steady_clock::now() + patience;
  while (!ProcessesOf(uid).empty()) {
    // kill(-1) as that user reaches all of its processes at once, so that a fork bomb cannot run ahead of a list.
    const pid_t killer = fork();
    if (killer == 0) {
      if (setgroups(0, nullptr) == 0 && setresuid(uid, uid, uid) == 0) kill(-1, SIGKILL);
      _exit(0);
    }
    if (killer > 0) waitpid(killer, nullptr, 0);
    if (std::chrono::steady_clock::now() >= deadline) return ProcessesOf(uid).empty();
    std::this_thread::sleep_for(milliseconds(2));  // no event tells of the death of somebody else's children
  }
  return true;
}

bool WaitReadable(int fd, milliseconds timeout) {
  const auto deadline = std::chrono::steady_clock::now() + timeout;
  while (true) {
    const auto left = std::chrono::duration_cast<milliseconds>(deadline - std::chrono::steady_clock::now()).count();
    pollfd wait{fd, POLLIN, 0};
    const int ready = poll(&wait, 1, int(std::clamp<std::int64_t>(left, 0, 1 << 30)));
    if (ready > 0) return true;
    if (ready == 0 || (errno != EINTR && ready < 0)) return false;
  }
}

}  // namespace perch::local
