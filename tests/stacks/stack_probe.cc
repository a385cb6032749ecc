// One StackChanger for the Python scripts beside it: the request is a line of JSON on the standard input, what happens
// is told line by line. Where "stop_at" names a hook, it says so and waits for another line.
#include <boost/json.hpp>
#include <fstream>
#include <iostream>

#include "aws/credential_chain.h"
#include "base/text.h"
#include "beanstalk/stack_change.h"

namespace perch::beanstalk {
namespace {

namespace json = boost::json;

class Probe {
 public:
  explicit Probe(json::object given) : given_(std::move(given)) {}

  int Run(const aws::Client& client) {
    const StackChanger changer(client, std::chrono::milliseconds(Number("poll", 30)));
    const std::string mode = Text("mode");
    if (mode == "apply") return End(changer.Apply(Request(), MakeHooks()));
    Result<std::optional<aws::Stack>> stack = changer.Find(Text("name"));
    if (!stack) return Complain(stack.error());
    if (!*stack) return Tell("none");
    if (mode == "delete") {
      StopAt("found");
      const Status done = changer.Delete(**stack, "probe", MakeHooks());
      return done ? Tell("deleted") : Complain(done.error());
    }
    const Result<aws::Stack> after = changer.Wait((*stack)->id, client.Now(), MakeHooks(), Longest());
    return after ? Tell("waited until " + after->status) : Complain(after.error());
  }

 private:
  std::string Text(const char* key) const {
    return given_.contains(key) ? std::string(given_.at(key).get_string()) : std::string();
  }
  std::int64_t Number(const char* key, std::int64_t otherwise) const {
    return given_.contains(key) ? given_.at(key).to_number<std::int64_t>() : otherwise;
  }
  std::chrono::milliseconds Longest() const { return std::chrono::milliseconds(Number("longest", 60'000)); }

  StackRequest Request() const {
    StackRequest request{.name = Text("name"),
                         .template_body = Text("template"),
                         .template_url = Text("url"),
                         .change_set = "perch",
                         .token = "probe" + std::to_string(Number("generation", 0)),
                         .role_arn = Text("role"),
                         .termination_protection = Number("protect", 0) != 0,
                         .longest = Longest()};
    for (const auto& [key, value] : given_.at("tags").get_object()) {
      request.tags[std::string(key)] = std::string(value.get_string());
    }
    if (given_.contains("protected")) {
      for (const json::value& id : given_.at("protected").get_array()) {
        request.protected_ids.emplace_back(id.get_string());
      }
    }
    return request;
  }

  StackChanger::Hooks MakeHooks() {
    return {
        .still_wanted =
            [this](const std::optional<aws::Stack>& stack) {
              StopAt("wanted");
              return StillWanted(stack);
            },
        .on_changes =
            [this](const std::vector<aws::Change>& changes) {
              for (const aws::Change& change : changes) {
                Tell("change " + change.action + " " + change.logical_id + " " + change.replacement);
              }
            },
        .confirm =
            [this](const std::vector<aws::Change>&) {
              StopAt("confirm");
              return Number("agree", 1) != 0 ? Status() : Fail({.kind = ErrorKind::kRefused, .what = "nobody agreed"});
            },
        .on_progress =
            [this](const StackProgress& line) {
              Tell("event " + line.logical_id + " " + line.status + (line.reason.empty() ? "" : ": " + line.reason));
            },
        .on_note = [this](const std::string& text) { Tell("note " + text); },
        .on_cause = [this](const aws::StackEvent& event) { Tell("cause " + event.logical_id + ": " + event.reason); },
        .before_delete =
            [this](const aws::Stack& stack) {
              Tell("before_delete " + stack.status);
              StopAt("before_delete");
              return Status();
            }};
  }

  /// The newest generation is what stands in the file "head" (as a git host tells it); another's stack may be newer
  /// too.
  Status StillWanted(const std::optional<aws::Stack>& stack) {
    const std::int64_t mine = Number("generation", 0);
    std::int64_t newest = 0;
    if (given_.contains("head")) {
      std::ifstream(Text("head")) >> newest;
    }
    if (stack && stack->outputs.contains("Generation")) {
      newest = std::max(newest, std::int64_t(ParseNumber(stack->outputs.at("Generation")).value_or(0)));
    }
    if (newest <= mine) return {};
    return Fail({.kind = ErrorKind::kSuperseded, .what = "generation " + std::to_string(newest) + " is newer"});
  }

  void StopAt(const std::string& hook) {
    if (!given_.contains("stop_at") || Text("stop_at") != hook) return;
    Tell("at " + hook);
    std::string line;
    std::getline(std::cin, line);
    if (line == "on") given_.erase("stop_at");
  }

  int Tell(const std::string& line) const {
    std::cout << line << std::endl;  // the script follows
    return 0;
  }

  int Complain(const Error& error) const {
    const char* kinds[] = {"failed", "usage", "refused", "superseded", "not found", "unavailable", "cancelled"};
    Tell(std::string(kinds[int(error.kind)]) + ": " + error.Text());
    return 1;
  }

  int End(const Result<StackOutcome>& outcome) const {
    if (!outcome) return Complain(outcome.error());
    std::string outputs;
    for (const auto& [key, value] : outcome->stack.outputs) outputs += " " + key + "=" + value;
    return Tell((outcome->changed ? "changed " : "unchanged ") + outcome->stack.status + outputs);
  }

  json::object given_;
};

int Run() {
  std::string line;
  std::getline(std::cin, line);
  const std::unique_ptr<net::Transport> transport = net::MakeTransport();
  const Clock clock = [] { return std::chrono::floor<std::chrono::milliseconds>(std::chrono::system_clock::now()); };
  const aws::Surroundings surroundings = aws::RealSurroundings(*transport, clock);
  const Result<aws::SharedConfig> config = aws::ReadSharedConfig(surroundings);
  if (!config) return 2;
  const Result<aws::Endpoints> endpoints = aws::Endpoints::Read(surroundings, *config);
  if (!endpoints) return 2;
  const aws::Client client({.transport = transport.get(),
                            .credentials = aws::FindCredentials(surroundings, *config, *endpoints, "eu-central-1"),
                            .region = "eu-central-1",
                            .endpoints = *endpoints,
                            .clock = clock});
  return Probe(json::parse(line).as_object()).Run(client);
}

}  // namespace
}  // namespace perch::beanstalk

int main() { return perch::beanstalk::Run(); }
