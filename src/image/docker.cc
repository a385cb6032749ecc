#include "image/docker.h"

#include <unistd.h>

#include <boost/json.hpp>
#include <cstdlib>
#include <system_error>
#include <utility>

#include "base/clock.h"
#include "base/digest.h"
#include "base/file.h"
#include "base/process.h"
#include "base/text.h"

namespace perch::image {
namespace {

namespace fs = std::filesystem;

constexpr std::chrono::seconds kShort{60};
constexpr std::chrono::minutes kPushTime{30};

/// A folder of this process alone, gone when this is.
class PrivateFolder {
 public:
  explicit PrivateFolder(const fs::path& place) {
    std::string name = ((place.empty() ? fs::temp_directory_path() : place) / "perch-docker-XXXXXX").string();
    if (mkdtemp(name.data())) path_ = name;
  }
  PrivateFolder(const PrivateFolder&) = delete;
  PrivateFolder& operator=(const PrivateFolder&) = delete;
  ~PrivateFolder() {
    std::error_code ignored;
    if (!path_.empty()) fs::remove_all(path_, ignored);
  }
  const fs::path& path() const { return path_; }

 private:
  fs::path path_;
};

/// The last lines of what a program said, for an error.
std::string LastWords(const ProcessResult& result) {
  std::vector<std::string> lines = Lines(Trim(result.err.empty() ? result.out : result.err));
  if (lines.size() > 3) lines.erase(lines.begin(), lines.end() - 3);
  return lines.empty() ? DescribeExit(result.exit_code) : Printable(Join(lines, "; "));
}

Error NoDocker(const Error& error) {
  return {.what = "cannot run docker",
          .why = error.why.empty() ? error.what : error.why,
          .hint = "Install it (Debian: docker.io), or name its folder in PATH."};
}

Result<ProcessResult> Call(ProcessOptions options, std::stop_token stop) {
  if (!options.env) options.env = DockerEnvironment();
  Result<ProcessResult> result = RunProcess(options, stop);
  if (!result) return Fail(NoDocker(result.error()));
  if (result->cancelled) return Fail({.kind = ErrorKind::kCancelled, .what = "stopped"});
  return result;
}

/// A guest's file may be a link: docker would read its target with our rights, and show it in the log.
Status MustLieWithin(const fs::path& folder, const std::string& name, const fs::path& file) {
  std::error_code error;
  const fs::path relative = file.lexically_relative(folder);
  if (!relative.empty() && *relative.begin() != ".." && fs::is_regular_file(file, error)) return {};
  return Fail({.kind = ErrorKind::kUsage,
               .what = Printable(name) + " leads out of the code",
               .hint = "It must be a file of the repository."});
}

Result<fs::path> DockerfileWithin(const BuildOptions& options) {
  std::error_code error;
  const fs::path folder = fs::canonical(options.folder, error);
  const fs::path file = error ? fs::path() : fs::canonical(folder / options.dockerfile, error);
  if (error) {
    return Fail({.kind = ErrorKind::kUsage,
                 .what = "there is no " + Printable(options.dockerfile) + " in this commit",
                 .why = error.message(),
                 .hint = "Write one, or correct `build: {dockerfile: …}`."});
  }
  if (Status within = MustLieWithin(folder, options.dockerfile, file); !within) return Fail(within.error());
  for (const std::string& name : {std::string(".dockerignore"), options.dockerfile + ".dockerignore"}) {
    if (fs::symlink_status(folder / name, error).type() == fs::file_type::not_found) continue;
    const fs::path ignore = fs::weakly_canonical(folder / name, error);
    if (Status within = MustLieWithin(folder, name, ignore); !within) return Fail(within.error());
  }
  return file;
}

/// The docker program has it built in from 18.09 on, from 23 on in a plug-in that may be missing.
bool HasBuildKit(const std::string& program, std::stop_token stop) {
  const Result<ProcessResult> plugin = Call({.argv = {program, "buildx", "version"}, .timeout = kShort}, stop);
  if (plugin && plugin->Succeeded()) return true;
  const Result<ProcessResult> version =
      Call({.argv = {program, "version", "--format", "{{.Client.Version}}"}, .timeout = kShort}, stop);
  if (!version || !version->Succeeded()) return false;
  const std::optional<std::uint64_t> major = ParseNumber(Split(Trim(version->out), '.')[0]);
  return major && *major > 18 && *major < 23;
}

/// Which engine is the user's may be said in the configuration that a push does not see.
void StayWithEngine(const std::string& program, std::map<std::string, std::string>& env, std::stop_token stop) {
  if (env.contains("DOCKER_HOST")) return;
  const Result<ProcessResult> told = Call(
      {.argv = {program, "context", "inspect", "--format", "{{.Endpoints.docker.Host}}"}, .timeout = kShort}, stop);
  if (!told || !told->Succeeded() || Trim(told->out).empty()) return;
  env["DOCKER_HOST"] = Trim(told->out);
  env.erase("DOCKER_CONTEXT");
}

/// The words that give a container its variables. A guest chooses them: the docker program must not see them as its own
/// (LD_PRELOAD, DOCKER_HOST). In a file they also stay out of the list of processes, as far as its format holds them.
Result<std::vector<std::string>> VariableWords(const std::map<std::string, std::string>& env, const fs::path& file) {
  constexpr std::size_t kLongestLine = 60'000;
  std::string lines;
  std::vector<std::string> words = {"--env-file", file.string()};
  for (const auto& [name, value] : env) {
    const std::string line = name + "=" + value;
    const bool fits = line.size() < kLongestLine && IsUtf8(line) && line.find_first_of("\r\n") == line.npos;
    if (fits) {
      lines += line + "\n";
    } else {
      words.insert(words.end(), {"--env", line});
    }
  }
  if (Status written = WriteFileAtomically(file, lines, 0600); !written) return Fail(written.error());
  return words;
}

std::string TimedOut(std::chrono::milliseconds timeout) { return "it took longer than " + FormatDuration(timeout); }

}  // namespace

std::map<std::string, std::string> DockerEnvironment() {
  std::map<std::string, std::string> env;
  for (const char* name : {"PATH", "HOME", "DOCKER_HOST", "DOCKER_TLS_VERIFY", "DOCKER_CERT_PATH", "DOCKER_CONFIG",
                           "DOCKER_CONTEXT", "XDG_RUNTIME_DIR", "HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY"}) {
    if (const char* value = std::getenv(name)) env[name] = value;
  }
  return env;
}

Status Docker::Available(std::stop_token stop) const {
  const Result<ProcessResult> asked =
      Call({.argv = {program_, "version", "--format", "{{.Server.Version}}"}, .timeout = kShort}, stop);
  if (!asked) {
    Error error = asked.error();
    if (error.kind == ErrorKind::kFailed) error.kind = ErrorKind::kUnavailable;
    return Fail(std::move(error));
  }
  if (asked->Succeeded()) return {};
  return Fail({.kind = ErrorKind::kUnavailable,
               .what = "no Docker engine answers",
               .why = LastWords(*asked),
               .hint = "Start it (`systemctl start docker`), or let DOCKER_HOST name one."});
}

Result<std::string> Docker::Build(const BuildOptions& options, const OnOutput& on_output, std::stop_token stop) const {
  const Result<fs::path> dockerfile = DockerfileWithin(options);
  if (!dockerfile) return Fail(dockerfile.error());
  const PrivateFolder folder(options.scratch);
  const fs::path id_file = folder.path() / "id";
  ProcessOptions build{.argv = {program_, "build", "--iidfile", id_file.string(), "--file", dockerfile->string()},
                       .env = DockerEnvironment(),
                       .timeout = options.timeout,
                       .on_output = on_output};
  const bool buildkit = HasBuildKit(program_, stop);
  (*build.env)["DOCKER_BUILDKIT"] = buildkit ? "1" : "0";
  (*build.env)["BUILDKIT_PROGRESS"] = "plain";
  (*build.env)["BUILDX_NO_DEFAULT_ATTESTATIONS"] = "1";  // an image, not a list of an image and what is said of it
  if (!buildkit) build.argv.push_back("--force-rm");
  if (!options.tag.empty()) build.argv.insert(build.argv.end(), {"--tag", options.tag});
  if (!options.platform.empty()) build.argv.insert(build.argv.end(), {"--platform", options.platform});
  for (const auto& [name, value] : options.labels) build.argv.insert(build.argv.end(), {"--label", name + "=" + value});
  build.argv.push_back(options.folder.string());
  const Result<ProcessResult> built = Call(build, stop);
  if (!built) return Fail(built.error());
  if (built->timed_out) return Fail({.what = "the image's build failed", .why = TimedOut(options.timeout)});
  if (!built->Succeeded()) return Fail({.what = "the image's build failed", .why = DescribeExit(built->exit_code)});
  const Result<std::string> id = ReadFile(id_file, 4096);
  if (!id) return Fail({.what = "docker built an image and did not tell which", .why = id.error().why});
  return std::string(Trim(*id));
}

Status Docker::Run(const std::string& image, const RunOptions& options, const OnOutput& on_output,
                   std::stop_token stop) const {
  const std::string name = "perch-" + RandomHex(8);
  ProcessOptions run{
      .argv = {program_, "run", "--rm", "--init", "--name", name, "--security-opt", "no-new-privileges", "--memory",
               std::to_string(options.memory), "--pids-limit", std::to_string(options.processes)},
      .env = DockerEnvironment(),
      .timeout = options.timeout,
      .on_output = on_output};
  for (const auto& [label, value] : options.labels) run.argv.insert(run.argv.end(), {"--label", label + "=" + value});
  const PrivateFolder folder(options.scratch);
  const Result<std::vector<std::string>> variables = VariableWords(options.env, folder.path() / "env");
  if (!variables) return Fail(variables.error());
  run.argv.insert(run.argv.end(), variables->begin(), variables->end());
  if (!options.argv.empty()) run.argv.insert(run.argv.end(), {"--entrypoint", options.argv[0]});
  run.argv.push_back(image);
  if (!options.argv.empty()) run.argv.insert(run.argv.end(), options.argv.begin() + 1, options.argv.end());
  const Result<ProcessResult> done = Call(run, stop);
  if (!done || done->timed_out) {
    // The program is dead, its container is not.
    (void)Call({.argv = {program_, "rm", "--force", name}, .timeout = kShort}, {});
  }
  if (!done) return Fail(done.error());
  if (done->timed_out) return Fail({.what = options.called + " did not end", .why = TimedOut(options.timeout)});
  if (!done->Succeeded()) return Fail({.what = options.called + " failed", .why = DescribeExit(done->exit_code)});
  return {};
}

Result<std::string> Docker::Push(const PushOptions& options, const OnOutput& on_output, std::stop_token stop) const {
  // A configuration of this push's own: the password goes with it.
  const PrivateFolder folder(options.scratch);
  std::map<std::string, std::string> env = DockerEnvironment();
  if (options.login) {
    StayWithEngine(program_, env, stop);
    env["DOCKER_CONFIG"] = folder.path().string();
    const Result<ProcessResult> entered = Call(
        {.argv = {program_, "login", "--username", options.login->user, "--password-stdin", options.login->registry},
         .env = env,
         .input = options.login->password.Reveal(),
         .timeout = kShort},
        stop);
    if (!entered) return Fail(entered.error());
    if (!entered->Succeeded()) {
      return Fail(
          {.what = "the registry refused the login", .where = options.login->registry, .why = LastWords(*entered)});
    }
  }
  const std::string reference = options.repository + ":" + options.tag;
  const Result<ProcessResult> tagged =
      Call({.argv = {program_, "tag", options.image, reference}, .env = env, .timeout = kShort}, stop);
  if (!tagged) return Fail(tagged.error());
  if (!tagged->Succeeded()) return Fail({.what = "cannot name the image " + reference, .why = LastWords(*tagged)});
  const Result<ProcessResult> pushed =
      Call({.argv = {program_, "push", reference}, .env = env, .timeout = kPushTime, .on_output = on_output}, stop);
  if (!pushed) return Fail(pushed.error());
  if (!pushed->Succeeded()) {
    return Fail({.what = "the push failed",
                 .where = reference,
                 .why = pushed->timed_out ? TimedOut(kPushTime) : DescribeExit(pushed->exit_code)});
  }
  const Result<ProcessResult> told =
      Call({.argv = {program_, "image", "inspect", "--format", "{{json .RepoDigests}}", reference}, .timeout = kShort},
           stop);
  if (!told) return Fail(told.error());
  const std::string digest = told->Succeeded() ? DigestIn(told->out, options.repository) : "";
  if (digest.empty()) return Fail({.what = "docker pushed an image and did not tell its digest", .where = reference});
  return digest;
}

Status Docker::RemoveImage(const std::string& name, std::stop_token stop) const {
  const Result<ProcessResult> removed =
      Call({.argv = {program_, "image", "rm", "--force", name}, .timeout = kShort}, stop);
  if (!removed) return Fail(removed.error());
  if (removed->Succeeded() || removed->err.find("No such image") != std::string::npos) return {};
  return Fail({.what = "cannot remove an image from the engine", .where = name, .why = LastWords(*removed)});
}

Status Docker::RemoveContainers(const std::string& label, std::stop_token stop) const {
  const auto failed = [&](const ProcessResult& result) {
    return Fail({.what = "cannot remove containers", .where = label, .why = LastWords(result)});
  };
  const Result<ProcessResult> listed =
      Call({.argv = {program_, "ps", "--all", "--quiet", "--filter", "label=" + label}, .timeout = kShort}, stop);
  if (!listed) return Fail(listed.error());
  if (!listed->Succeeded()) return failed(*listed);
  const std::vector<std::string> ids = Lines(Trim(listed->out));
  if (Trim(listed->out).empty()) return {};
  ProcessOptions remove{.argv = {program_, "rm", "--force"}, .timeout = kShort};
  remove.argv.insert(remove.argv.end(), ids.begin(), ids.end());
  const Result<ProcessResult> removed = Call(std::move(remove), stop);
  if (!removed) return Fail(removed.error());
  if (!removed->Succeeded()) return failed(*removed);
  return {};
}

Result<ImageFacts> Docker::Inspect(const std::string& image, std::stop_token stop) const {
  const Result<ProcessResult> told =
      Call({.argv = {program_, "image", "inspect", "--format", "{{.Id}} {{.Architecture}}", image}, .timeout = kShort},
           stop);
  if (!told) return Fail(told.error());
  const std::vector<std::string> words = Split(Trim(told->out), ' ');
  if (told->Succeeded() && words.size() == 2) return ImageFacts{.id = words[0], .architecture = words[1]};
  return Fail({.kind = told->err.find("No such") != std::string::npos ? ErrorKind::kNotFound : ErrorKind::kFailed,
               .what = "cannot look at the image",
               .where = Printable(image),
               .why = LastWords(*told)});
}

std::string DigestIn(std::string_view repo_digests_json, std::string_view repository) {
  boost::system::error_code error;
  const boost::json::value parsed = boost::json::parse(
      boost::json::string_view(Trim(repo_digests_json).data(), Trim(repo_digests_json).size()), error);
  if (error || !parsed.is_array()) return "";
  for (const boost::json::value& item : parsed.get_array()) {
    if (!item.is_string()) continue;
    const std::string_view text(item.get_string().data(), item.get_string().size());
    const std::size_t at = text.find('@');
    if (at != text.npos && text.substr(0, at) == repository) return std::string(text.substr(at + 1));
  }
  return "";
}

}  // namespace perch::image
