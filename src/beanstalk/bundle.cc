#include "beanstalk/bundle.h"

#include <archive.h>
#include <archive_entry.h>

#include <memory>

#include "base/value.h"

namespace perch::beanstalk {
namespace {

constexpr std::string_view kHook = ".platform/hooks/predeploy/10-perch.py";

// Marks the leading instance: of all ways that Beanstalk has to run something, only container commands know it.
constexpr std::string_view kLeader =
    "container_commands:\n"
    "  01-perch-leader:\n"
    "    command: mkdir -p /var/run/perch && touch /var/run/perch/leader\n"
    "    leader_only: true\n";

// Runs on the instance, as root, with what Amazon Linux 2023 brings along. No command of perch.yaml passes through a
// shell here: they are lists of words in steps.json.
constexpr std::string_view kHookText = R"(#!/usr/bin/python3
"""perch: the release step, and once for this environment the seed, in the new image. Any failure ends the deployment."""
import json, os, subprocess, sys

LEADER = "/var/run/perch/leader"
CONFIG = "/opt/elasticbeanstalk/bin/get-config"
BUNDLE = os.path.abspath(os.path.join(os.path.dirname(__file__), "..", "..", ".."))


def say(text):
    print("perch: " + text, flush=True)


def run(name, argv, image, variables):
    say(name + " begins")
    names = [word for key in sorted(variables) for word in ("-e", key)]
    # The values reach docker through its own environment, so none shows in the list of processes.
    command = ["docker", "run", "--rm", *names, "--entrypoint", argv[0], image, *argv[1:]]
    done = subprocess.run(command, env={**os.environ, **variables})
    if done.returncode != 0:
        say(f"{name} failed: exit code {done.returncode}")
        sys.exit(1)
    say(name + " is done")


def main():
    if not os.path.exists(LEADER):
        return
    os.unlink(LEADER)
    with open(os.path.join(BUNDLE, "perch", "steps.json"), encoding="utf-8") as file:
        steps = json.load(file)
    if not steps["release"] and not steps["seed"]:
        return
    image = steps["image"]
    raw = subprocess.run([CONFIG, "environment"], check=True, capture_output=True, text=True).stdout
    variables = {str(key): str(value) for key, value in json.loads(raw).items()}
    registry = image.split("/", 1)[0]
    if ".dkr.ecr." in registry:
        word = subprocess.run(["aws", "ecr", "get-login-password", "--region", variables["AWS_REGION"]], check=True,
                              capture_output=True, text=True).stdout
        subprocess.run(["docker", "login", "--username", "AWS", "--password-stdin", registry], check=True, input=word,
                       text=True, stdout=subprocess.DEVNULL)
    subprocess.run(["docker", "pull", "--quiet", image], check=True)
    if steps["release"]:
        run("release", steps["release"], image, variables)
    if not steps["seed"]:
        return
    s3 = ["aws", "s3api", "--region", variables["AWS_REGION"]]
    place = ["--bucket", variables["BUCKET"], "--key", steps["marker"]]
    listed = subprocess.run([*s3, "list-objects-v2", "--bucket", variables["BUCKET"], "--prefix", steps["marker"],
                             "--output", "json"], check=True, capture_output=True, text=True).stdout
    if any(item["Key"] == steps["marker"] for item in json.loads(listed or "{}").get("Contents", [])):
        say("seed: this environment has its data already")
        return
    run("seed", steps["seed"], image, variables)
    subprocess.run([*s3, "put-object", *place], check=True, stdout=subprocess.DEVNULL)


main()
)";

Value Text(std::string text) { return {.data = std::move(text)}; }

Value Words(const std::vector<std::string>& words) {
  Value::List list;
  for (const std::string& word : words) list.push_back(Text(word));
  return {.data = std::move(list)};
}

std::string Dockerrun(const AwsSettings& aws, const std::string& image) {
  Value::Map name{{"Name", Text(image), {}}, {"Update", Text("true"), {}}};
  Value::Map port{{"ContainerPort", {.data = std::int64_t(aws.port)}, {}}};
  Value::List ports;
  ports.push_back({.data = std::move(port)});
  return CanonicalJson({.data = Value::Map{{"AWSEBDockerrunVersion", Text("1"), {}},
                                           {"Image", {.data = std::move(name)}, {}},
                                           {"Ports", {.data = std::move(ports)}, {}}}});
}

struct FreeArchive {
  void operator()(archive* a) const { archive_write_free(a); }
};

std::unexpected<Error> ZipError(archive* zip) {
  const char* why = archive_error_string(zip);
  return Fail({.what = "cannot make the source bundle", .why = why ? why : "out of memory"});
}

}  // namespace

Bundle MakeBundle(const AwsSettings& aws, const Settings& settings, const std::string& image) {
  Bundle bundle;
  bundle.files["Dockerrun.aws.json"] = Dockerrun(aws, image);
  bundle.files["perch/steps.json"] = CanonicalJson({.data = Value::Map{{"image", Text(image), {}},
                                                                       {"marker", Text(std::string(kSeedMarker)), {}},
                                                                       {"release", Words(settings.release.argv), {}},
                                                                       {"seed", Words(settings.seed.argv), {}}}});
  bundle.files[".ebextensions/01-perch.config"] = kLeader;
  bundle.files[std::string(kHook)] = kHookText;
  return bundle;
}

Result<std::string> ZipOf(const Bundle& bundle) {
  const std::unique_ptr<archive, FreeArchive> zip(archive_write_new());
  std::size_t room = 65536;
  for (const auto& [path, text] : bundle.files) room += 2 * (path.size() + text.size()) + 1024;
  std::string bytes(room, '\0');
  std::size_t used = 0;
  if (archive_write_set_format_zip(zip.get()) != ARCHIVE_OK ||
      archive_write_open_memory(zip.get(), bytes.data(), bytes.size(), &used) != ARCHIVE_OK) {
    return ZipError(zip.get());
  }
  for (const auto& [path, text] : bundle.files) {
    const std::unique_ptr<archive_entry, decltype(&archive_entry_free)> entry(archive_entry_new(), &archive_entry_free);
    archive_entry_set_pathname(entry.get(), path.c_str());
    archive_entry_set_filetype(entry.get(), AE_IFREG);
    archive_entry_set_perm(entry.get(), path.ends_with(".py") ? 0755 : 0644);
    archive_entry_set_size(entry.get(), static_cast<la_int64_t>(text.size()));
    archive_entry_set_mtime(entry.get(), 315532800, 0);  // 1980, the first that a zip archive can tell
    if (archive_write_header(zip.get(), entry.get()) != ARCHIVE_OK ||
        archive_write_data(zip.get(), text.data(), text.size()) != static_cast<la_ssize_t>(text.size())) {
      return ZipError(zip.get());
    }
  }
  if (archive_write_close(zip.get()) != ARCHIVE_OK) return ZipError(zip.get());
  bytes.resize(used);
  return bytes;
}

}  // namespace perch::beanstalk
