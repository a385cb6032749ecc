#include "local/containers.h"

#include <unistd.h>

#include <algorithm>
#include <array>
#include <system_error>
#include <utility>

#include "base/clock.h"
#include "base/digest.h"
#include "base/file.h"
#include "base/process.h"
#include "base/text.h"

namespace perch::local {
namespace {

namespace fs = std::filesystem;

constexpr std::chrono::seconds kShort{60};
constexpr const char* kStateLabel = "perch.state";
constexpr const char* kImageStateLabel = "perch.image.state";  // another one: containers inherit those of their image

/// A container of that name may be left from a docker program that was killed.
constexpr const char* kRunScript =
    R"(docker=$1 name=$2; shift 2
"$docker" rm --force --volumes "$name" >/dev/null 2>&1
exec "$docker" run --name "$name" "$@")";

constexpr const char* kExecScript =
    R"(docker=$1; shift
if [ -t 0 ] && [ -t 1 ]; then exec "$docker" exec --interactive --tty "$@"; fi
exec "$docker" exec --interactive "$@")";

/// A field of docker's --mount, which is a line of CSV.
std::string CsvField(std::string text) {
  if (text.find_first_of(",\"\n\r") == text.npos) return text;
  for (std::size_t at = 0; (at = text.find('"', at)) != text.npos; at += 2) text.insert(at, 1, '"');
  return '"' + text + '"';
}

/// Whether the docker program, or what loads it, could take a variable as meant for itself.
bool DockerReads(const std::string& name) {
  constexpr std::array<std::string_view, 9> kPrefixes = {"LD_",  "DOCKER",  "GO",    "BUILDKIT", "XDG_",
                                                         "SSL_", "MALLOC_", "OTEL_", "GLIBC_"};
  constexpr std::array<std::string_view, 6> kNames = {"PATH", "HOME", "TMPDIR", "NO_COLOR", "IFS", "ENV"};
  return ToLower(name).ends_with("_proxy") || std::ranges::find(kNames, name) != kNames.end() ||
         std::ranges::any_of(kPrefixes, [&](std::string_view prefix) { return name.starts_with(prefix); });
}

std::string LastLine(const ProcessResult& result) {
  const std::vector<std::string> lines = Lines(Trim(result.err.empty() ? result.out : result.err));
  return lines.empty() ? DescribeExit(result.exit_code) : Printable(lines.back());
}

bool SaysMissing(const std::string& text) { return ToLower(text).find("no such") != std::string::npos; }

}  // namespace

Containers::Containers(std::string program, const fs::path& state_folder, std::string app)
    : program_(std::move(program)),
      state_folder_(fs::weakly_canonical(state_folder)),
      app_(std::move(app)),
      repository_("perch-" + Sha256Hex(state_folder_.string()).substr(0, 12)),
      docker_(program_) {}

bool Containers::Used() const {
  std::error_code error;
  return fs::exists(state_folder_ / "containers", error);
}

Result<std::string> Containers::Ask(std::vector<std::string> words) const {
  words.insert(words.begin(), program_);
  const Result<ProcessResult> done =
      RunProcess({.argv = std::move(words), .env = image::DockerEnvironment(), .timeout = kShort});
  if (!done) return Fail({.kind = ErrorKind::kUnavailable, .what = "cannot run docker", .why = done.error().why});
  if (done->Succeeded()) return done->out;
  const std::string why = done->timed_out ? "it took longer than " + FormatDuration(kShort) : LastLine(*done);
  return Fail({.kind = SaysMissing(why) ? ErrorKind::kNotFound : ErrorKind::kUnavailable,
               .what = "docker does not do what perch needs",
               .why = why});
}

std::string Containers::ImageOf(const std::string& release) const { return repository_ + ":" + release; }

Result<bool> Containers::HasImage(const std::string& release, std::stop_token stop) const {
  const Result<image::ImageFacts> facts = docker_.Inspect(ImageOf(release), stop);
  if (facts) return true;
  if (facts.error().kind == ErrorKind::kNotFound) return false;
  return Fail(facts.error());
}

Status Containers::BuildImage(const std::string& release, const std::string& tree, image::BuildOptions options,
                              const image::OnOutput& on_output, std::stop_token stop) const {
  if (Status marked = WriteFileAtomically(state_folder_ / "containers", "", 0600); !marked) return marked;
  options.tag = ImageOf(release);
  options.labels = {{"perch.app", app_}, {"perch.tree", tree}, {kImageStateLabel, state_folder_.string()}};
  const Result<std::string> built = docker_.Build(options, on_output, stop);
  if (!built) return Fail(built.error());
  return {};
}

Status Containers::RemoveImage(const std::string& release) const { return docker_.RemoveImage(ImageOf(release)); }

Result<std::vector<std::string>> Containers::Images() const {
  const Result<std::string> told = Ask({"image", "ls", "--format", "{{.Tag}}", repository_});
  if (!told) return Fail(told.error());
  if (Trim(*told).empty()) return std::vector<std::string>();
  return Lines(Trim(*told));
}

std::string Containers::UserFor(uid_t uid) const {
  if (uid != 0) return std::to_string(uid) + ":" + std::to_string(uid);
  if (geteuid() == 0) return "0:0";
  // An engine that runs as this user shows it as root to its containers.
  const Result<std::string> options = Ask({"info", "--format", "{{.SecurityOptions}}"});
  if (options && options->find("name=rootless") != std::string::npos) return "0:0";
  return std::to_string(geteuid()) + ":" + std::to_string(getegid());
}

Result<Guest> Containers::Wrap(const Guest& inner, const ContainerRun& run) const {
  constexpr std::size_t kLongestLine = 60'000;
  Guest outer{.sandboxed = false, .env = image::DockerEnvironment(), .cwd = "/", .limits = inner.limits};
  // The limits are the container's, not docker's own.
  outer.limits.memory = outer.limits.disk = -1;
  outer.argv = {"/bin/sh", "-c", kRunScript, "perch", program_, run.name};
  const auto add = [&](std::initializer_list<std::string> words) {
    outer.argv.insert(outer.argv.end(), words.begin(), words.end());
  };
  add({"--rm",           "--init",
       "--pull",         "never",
       "--log-driver",   "none",
       "--cap-drop",     "ALL",
       "--security-opt", "no-new-privileges",
       "--user",         UserFor(inner.uid),
       "--memory",       std::to_string(inner.limits.memory),
       "--pids-limit",   std::to_string(inner.limits.processes),
       "--ulimit",       "nofile=" + std::to_string(inner.limits.open_files),
       "--tmpfs",        "/tmp:exec,mode=1777"});
  add({"--label", std::string(kStateLabel) + "=" + state_folder_.string(), "--label", "perch.app=" + app_, "--label",
       "perch.branch=" + Printable(run.branch)});
  if (inner.scratch_data) {
    const std::string data = kGuestData;
    add({"--tmpfs", data + ":mode=1777", "--tmpfs", data + "/bucket:mode=1777"});
  }
  for (const Bind& bind : inner.binds) {
    add({"--mount", "type=bind," + CsvField("source=" + bind.source) + "," + CsvField("target=" + bind.target) +
                        (bind.writable ? "" : ",readonly")});
  }
  if (run.port != 0) {
    add({"--publish", "127.0.0.1:" + std::to_string(run.port) + ":" + std::to_string(run.inside_port)});
  }
  for (const auto& [name, value] : inner.env) {
    if (value.size() < kLongestLine && IsUtf8(value) && value.find_first_of("\r\n") == value.npos) {
      outer.env_file += name + "=" + value + "\n";
      continue;
    }
    if (DockerReads(name)) {
      return Fail({.kind = ErrorKind::kUsage,
                   .what = "the variable " + Printable(name) + " cannot be given to a container",
                   .why = "its value has a line break, is long or is no UTF-8, and docker would read it as its own",
                   .hint = "Give it another name."});
    }
    outer.env[name] = value;
    add({"--env", name});
  }
  add({"--env-file", kEnvFilePath});
  if (!inner.argv.empty()) add({"--entrypoint", inner.argv[0]});
  add({ImageOf(run.release)});
  if (!inner.argv.empty()) outer.argv.insert(outer.argv.end(), inner.argv.begin() + 1, inner.argv.end());
  return outer;
}

Guest Containers::Exec(const std::string& name, const std::vector<std::string>& argv) const {
  Guest guest{.sandboxed = false, .env = image::DockerEnvironment(), .cwd = "/", .own_session = false, .limits = {}};
  guest.limits.memory = guest.limits.disk = -1;
  guest.argv = {"/bin/sh", "-c", kExecScript, "perch", program_, name};
  guest.argv.insert(guest.argv.end(), argv.begin(), argv.end());
  return guest;
}

bool Containers::Runs(const std::string& name) const {
  const Result<std::string> told = Ask({"container", "inspect", "--format", "{{.State.Running}}", name});
  return told && Trim(*told) == "true";
}

Status Containers::Remove(const std::string& name) const {
  const auto gone = [&] {
    const Result<std::string> left = Ask({"container", "inspect", "--format", "{{.Id}}", name});
    return !left && left.error().kind == ErrorKind::kNotFound;
  };
  const Result<std::string> removed = Ask({"rm", "--force", "--volumes", name});
  for (int tried = 0; tried < 50; ++tried) {
    if (gone()) return {};
    // It may be on its way already: --rm, or another `docker rm`.
    if (!removed && removed.error().kind == ErrorKind::kUnavailable &&
        removed.error().why.find("in progress") == std::string::npos) {
      break;
    }
    usleep(100'000);
  }
  return Fail({.kind = removed ? ErrorKind::kFailed : ErrorKind::kUnavailable,
               .what = "the container " + name + " is not gone",
               .why = removed ? "" : removed.error().why,
               .hint = "Look at it: docker container inspect " + name});
}

Result<std::vector<std::string>> Containers::Names() const {
  const Result<std::string> told = Ask({"ps", "--all", "--format", "{{.Names}}", "--filter",
                                        std::string("label=") + kStateLabel + "=" + state_folder_.string()});
  if (!told) return Fail(told.error());
  if (Trim(*told).empty()) return std::vector<std::string>();
  return Lines(Trim(*told));
}

}  // namespace perch::local
