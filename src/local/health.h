#pragma once

#include <chrono>
#include <cstdint>
#include <expected>
#include <optional>
#include <stop_token>
#include <string>

namespace perch::local {

/// Whether somebody accepts TCP connections on 127.0.0.1:port now.
bool Accepts(std::uint16_t port);

/// The status of `GET path` from 127.0.0.1:port (HTTP/1.1, `Host: host`); the error is a sentence for people.
std::expected<int, std::string> GetStatus(std::uint16_t port, const std::string& host, const std::string& path,
                                          std::chrono::milliseconds timeout);

/// Whether nobody listens on 127.0.0.1:port and it could be bound now.
bool IsFree(std::uint16_t port);

}  // namespace perch::local
