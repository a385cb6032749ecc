// Speaks to src/aws for the Python scripts beside it: `sign` and `credentials` and `endpoints` for the oracles, `calls`
// for moto.
#include <boost/json.hpp>
#include <iostream>

#include "aws/credential_chain.h"
#include "aws/sign.h"
#include "probe.h"

namespace perch::aws {
namespace {

namespace json = boost::json;

std::string Text(const json::value& value, const char* key) { return std::string(value.at(key).get_string()); }

net::Headers Pairs(const json::value& list) {
  net::Headers pairs;
  for (const json::value& pair : list.get_array()) {
    pairs.emplace_back(std::string(pair.at(0).get_string()), std::string(pair.at(1).get_string()));
  }
  return pairs;
}

/// A request a line, as JSON; an answer a line.
int SignLines() {
  for (std::string line; std::getline(std::cin, line);) {
    const json::value in = json::parse(line);
    HttpRequest request{.method = Text(in, "method"),
                        .host = Text(in, "host"),
                        .path = in.at("s3").as_bool() ? "/" + EscapePath(Text(in, "key")) : Text(in, "path"),
                        .query = Pairs(in.at("query")),
                        .headers = Pairs(in.at("headers")),
                        .body = Text(in, "body")};
    const Credentials credentials{.access_key_id = "AKIDEXAMPLE",
                                  .secret_access_key = Secret("wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY"),
                                  .session_token = Secret(Text(in, "token"))};
    Sign(request, credentials,
         {.region = Text(in, "region"), .service = Text(in, "service"), .s3 = in.at("s3").as_bool()},
         *ParseTime(Text(in, "time")));
    json::object out = {{"url", request.Url()}};
    for (const auto& [name, value] : request.headers) {
      if (name == "Authorization") out["authorization"] = value;
    }
    std::cout << json::serialize(out) << "\n";
  }
  return 0;
}

int ShowCredentials() {
  const std::unique_ptr<net::Transport> transport = net::MakeTransport();
  const Surroundings surroundings = RealSurroundings(*transport, ProbeClock());
  Result<SharedConfig> config = ReadSharedConfig(surroundings);
  if (!config) return Complain(config.error());
  Result<Endpoints> endpoints = Endpoints::Read(surroundings, *config);
  if (!endpoints) return Complain(endpoints.error());
  Result<Credentials> found = FindCredentials(surroundings, *config, *endpoints, "us-east-1")->Get({});
  if (!found) return Complain(found.error());
  std::cout << found->access_key_id << (found->session_token.empty() ? "" : " with a token") << "\n"
            << found->source << "\n";
  return 0;
}

int ShowEndpoints(int argc, char** argv) {
  const std::unique_ptr<net::Transport> transport = net::MakeTransport();
  const Surroundings surroundings = RealSurroundings(*transport, ProbeClock());
  Result<SharedConfig> config = ReadSharedConfig(surroundings);
  if (!config) return Complain(config.error());
  Result<Endpoints> endpoints = Endpoints::Read(surroundings, *config);
  if (!endpoints) return Complain(endpoints.error());
  for (int i = 0; i < argc; ++i) {
    for (int service = 0; service <= int(Service::kIam); ++service) {
      const Endpoint endpoint = endpoints->Of(Service(service), argv[i]);
      std::cout << argv[i] << " " << FactsOf(Service(service)).id << " " << endpoint.scheme << "://" << endpoint.host
                << endpoint.prefix << " " << endpoint.region << "\n";
    }
  }
  return 0;
}

}  // namespace

int Complain(const Error& error) {
  std::cout << "refused: " << error.Text() << "\n";
  return 1;
}

Clock ProbeClock() {
  return [] { return std::chrono::floor<std::chrono::milliseconds>(std::chrono::system_clock::now()); };
}

}  // namespace perch::aws

int main(int argc, char** argv) {
  const std::string mode = argc > 1 ? argv[1] : "";
  if (mode == "sign") return perch::aws::SignLines();
  if (mode == "credentials") return perch::aws::ShowCredentials();
  if (mode == "endpoints") return perch::aws::ShowEndpoints(argc - 2, argv + 2);
  if (mode == "calls" || mode == "signed") return perch::aws::MakeCalls(mode == "signed");
  std::cerr << "usage: aws_probe sign|credentials|endpoints|calls|signed\n";
  return 2;
}
