#pragma once

#include <sys/types.h>

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/file.h"

namespace perch::local {

/// A process that cannot be mistaken for a later one with the same number.
struct ProcessId {
  pid_t pid = 0;
  std::uint64_t start_time = 0;  ///< field 22 of /proc/PID/stat, in clock ticks since boot
  std::string boot;              ///< the kernel's boot id: start times repeat after a reboot
  friend bool operator==(const ProcessId&, const ProcessId&) = default;
};

/// This boot's id.
const std::string& BootId();

/// Who runs under `pid` now; nullopt for nobody and for a zombie.
std::optional<ProcessId> Identify(pid_t pid);

/// Whether exactly this process lives (a zombie does not).
bool Alive(const ProcessId& id);

/// A descriptor of exactly this process, readable once it is dead; none when it is dead already.
UniqueFd OpenProcess(const ProcessId& id);

/// All descendants of `pid`, parents before children. What is forked meanwhile may be missing.
std::vector<pid_t> Descendants(pid_t pid);

/// Who listens on a TCP port of this machine: the process of `among` that holds the socket; 0 for one outside of
/// `among`; nullopt when nobody listens.
std::optional<pid_t> Listener(std::uint16_t port, const std::vector<pid_t>& among);

/// Whether a socket listens on that TCP port of every address of this machine, so that other machines may reach it.
bool ListensEverywhere(std::uint16_t port);

/// The TCP ports that any of `among` listens on.
std::vector<std::uint16_t> ListeningPorts(const std::vector<pid_t>& among);

/// Processes of this user that are alive (zombies are not).
std::vector<pid_t> ProcessesOf(uid_t uid);

/// Kills all processes of a user and waits until they are gone; needs root. False when some are still there after
/// `patience`.
bool KillAllOf(uid_t uid, std::chrono::milliseconds patience);

/// Waits until `fd` is readable; false after `timeout`.
bool WaitReadable(int fd, std::chrono::milliseconds timeout);

}  // namespace perch::local
