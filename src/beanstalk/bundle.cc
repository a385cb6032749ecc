#include "beanstalk/bundle.h"

#include <zip.h>

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

std::unexpected<Error> ZipError(zip_error_t* error) {
  return Fail({.what = "cannot make the source bundle", .why = zip_error_strerror(error)});
}

/// Adds a file whose text outlives the archive.
bool AddFile(zip_t* archive, const std::string& path, const std::string& text) {
  zip_source_t* source = zip_source_buffer(archive, text.data(), text.size(), 0);
  if (!source) return false;
  const zip_int64_t index = zip_file_add(archive, path.c_str(), source, ZIP_FL_ENC_UTF_8);
  if (index < 0) {
    zip_source_free(source);
    return false;
  }
  const zip_uint32_t mode = path.ends_with(".py") ? 0100755 : 0100644;
  const zip_uint64_t at = static_cast<zip_uint64_t>(index);
  // The first moment that a zip archive can tell: the same files give the same bytes.
  return zip_file_set_dostime(archive, at, 0, (1 << 5) | 1, 0) == 0 &&
         zip_file_set_external_attributes(archive, at, 0, ZIP_OPSYS_UNIX, mode << 16) == 0;
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
  zip_error_t error;
  zip_error_init(&error);
  zip_source_t* made = zip_source_buffer_create(nullptr, 0, 0, &error);
  if (!made) return ZipError(&error);
  const std::unique_ptr<zip_source_t, decltype(&zip_source_free)> target(made, &zip_source_free);
  zip_source_keep(made);  // the archive takes one reference, what is read back another
  std::unique_ptr<zip_t, decltype(&zip_discard)> archive(zip_open_from_source(made, ZIP_CREATE | ZIP_TRUNCATE, &error),
                                                         &zip_discard);
  if (!archive) {
    zip_source_free(made);
    return ZipError(&error);
  }
  for (const auto& [path, text] : bundle.files) {
    if (!AddFile(archive.get(), path, text)) return ZipError(zip_get_error(archive.get()));
  }
  if (zip_close(archive.get()) != 0) return ZipError(zip_get_error(archive.get()));
  (void)archive.release();  // zip_close has freed it
  zip_stat_t stat;
  if (zip_source_open(made) != 0 || zip_source_stat(made, &stat) != 0) return ZipError(zip_source_error(made));
  std::string bytes(stat.size, '\0');
  const zip_int64_t got = zip_source_read(made, bytes.data(), bytes.size());
  zip_source_close(made);
  if (got != static_cast<zip_int64_t>(bytes.size())) return ZipError(zip_source_error(made));
  return bytes;
}

}  // namespace perch::beanstalk
