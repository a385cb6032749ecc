#pragma once

#include <memory>
#include <string>

#include "gateway/in_flight.h"
#include "gateway/pipe_pool.h"
#include "gateway/router.h"
#include "gateway/upstream.h"
#include "net/gate.h"
#include "net/session.h"

namespace perch::gateway {

/// What all proxy sessions share; outlives them.
struct ProxyConfig {
  net::SessionConfig session;
  const Router* router = nullptr;
  const net::Gate* gate = nullptr;
  InFlight* in_flight = nullptr;
  std::chrono::milliseconds connect_timeout{5'000};
  std::chrono::milliseconds first_byte_timeout{600'000};  ///< for the app's answer to begin
  std::chrono::milliseconds silence_timeout{3'600'000};   ///< between two pieces of an answer or a WebSocket
};

/// A client's connection to the gateway: each request goes to a handler or to a branch's app.
class ProxySession : public net::Session {
 public:
  ProxySession(net::Loop& loop, UpstreamPool& pool, PipePool& pipes, net::Socket socket, const ProxyConfig& config,
               net::Peer peer);

  void Tick(net::SteadyTime now) override;
  void Close() override;
  /// Breaks off what is under way to that port.
  void CutPort(std::uint16_t port);

 protected:
  net::Task<void> Serve() override;
  void PeerIsGone() override;
  void Dress(net::Response& response) override;

 private:
  /// How an exchange with the app went.
  enum class Outcome {
    kAnswered,     ///< the client has its answer, whole or cut
    kStale,        ///< nothing came and the connection was an old one: worth another try
    kUnreachable,  ///< nothing came
    kBroken,       ///< something came that is no answer
    kTooSlow,      ///< nothing came in time
  };

  Route FindRoute();
  net::Task<void> Proxy(const Route& route);
  net::Task<Outcome> Exchange(std::uint16_t port, bool may_reuse);
  net::Task<bool> Connect(std::uint16_t port);
  net::Task<boost::system::error_code> SendRequest();
  net::Task<Outcome> Answer();
  net::Task<bool> ReadAnswerHead(Outcome& failure);
  net::Task<net::ReadResult> ReadUpstream(std::size_t want, std::chrono::milliseconds timeout);
  net::Task<bool> RelayLength(std::uint64_t left);
  net::Task<bool> RelaySpliced(std::uint64_t left, const Pipe& pipe);
  net::Task<bool> RelayChunks(std::string_view client_head, bool chunked);
  net::Task<bool> RelayUntilClose(std::string_view client_head, bool chunked);
  net::Task<void> Tunnel();
  net::Task<void> Upload();
  net::Task<void> UploadTunnel();
  void StartUpload(bool tunnel);
  net::Task<void> EndUpload();
  net::Task<void> AnswerFailure(const Route& route, Outcome outcome);
  void CloseUpstream();

  UpstreamPool& pool_;
  PipePool& pipes_;
  const ProxyConfig& proxy_;
  InFlight::Guard in_flight_;
  std::unique_ptr<Upstream> up_;
  std::string up_out_;      // the request's head
  std::string client_out_;  // the answer's head
  std::string chunk_line_;
  std::vector<std::string_view> pieces_;
  std::string up_chunk_;
  std::vector<std::string_view> pieces_up_;
  net::SteadyTime upstream_deadline_ = net::SteadyTime::max();
  net::Event upload_ended_;
  std::uint64_t upload_left_ = 0;  // of a body with a length
  bool upload_needed_ = false;     // body bytes are still to come from the client
  bool upload_runs_ = false;
  bool upload_complete_ = false;
  bool keep_upstream_ = true;
  bool upstream_timed_out_ = false;
  bool client_failed_ = false;  // the client went away, or its body was cut, bad or too slow
  std::optional<net::Refusal> upload_refusal_;
  bool is_branch_ = false;
  bool is_head_ = false;
  bool may_repeat_ = false;  // sending it twice does no harm (RFC 9110, 9.2.2)
  bool answer_begun_ = false;
};

}  // namespace perch::gateway
