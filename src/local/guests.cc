#include <sys/stat.h>

#include "base/digest.h"
#include "base/file.h"
#include "local/platform_impl.h"
#include "local/tree.h"

/// What a branch's programs see: variables, code, data.
namespace perch::local {
namespace {

/// The data may come from a time without sandboxes, when they were perch's.
Status OwnFolder(const std::filesystem::path& folder, uid_t uid) {
  struct stat info = {};
  if (uid == 0 || lstat(folder.c_str(), &info) != 0 || info.st_uid == uid) return {};
  return GiveTree(folder, uid);
}

}  // namespace

std::uint16_t InsidePort(const Settings& settings) {
  const Value* run = settings.values.Find("run");
  const Value* port = run ? run->Find("port") : nullptr;
  const std::int64_t* number = port ? std::get_if<std::int64_t>(&port->data) : nullptr;
  return number && *number > 0 && *number < 65536 ? std::uint16_t(*number) : 8000;
}

Guest LocalPlatform::Impl::MakeGuest(const Settings& settings, const Record& record, const std::string& commit,
                                     bool with_secrets) const {
  Guest guest{.sandboxed = !options.trust_branches, .limits = settings.limits};
  // A user of its own could not even reach its files without a sandbox: they lie in perch's state folder.
  if (guest.sandboxed) guest.uid = record.uid;
  guest.env = {{"PATH", "/usr/local/bin:/usr/bin:/bin"},
               {"HOME", guest.sandboxed ? kGuestHome : "/tmp"},
               {"LANG", "C.UTF-8"},
               {"TMPDIR", "/tmp"},
               {"HOST", "127.0.0.1"},
               {"PERCH_BRANCH", record.environment.branch},
               {"PERCH_COMMIT", commit},
               {"PERCH_URL", record.environment.url}};
  for (const auto& [name, value] : settings.env) guest.env[name] = value;
  if (with_secrets) {
    for (const auto& [name, secret] : settings.secrets) guest.env[name] = secret.Reveal();
  }
  const std::string data = kGuestData;
  guest.env.try_emplace("DATABASE_URL", "sqlite:///" + data + "/app.db");
  guest.env.try_emplace("BUCKET_DIR", data + "/bucket");
  if (guest.sandboxed) {
    for (const std::string& path : settings.readable) guest.binds.push_back({path, path, false});
  }
  return guest;
}

Guest LocalPlatform::Impl::MakeContainerGuest(const Settings& settings, const Record& record, const std::string& commit,
                                              bool with_secrets) const {
  Guest guest = MakeGuest(settings, record, commit, with_secrets);
  for (const char* name : {"PATH", "LANG"}) {
    if (!settings.env.contains(name) && !settings.secrets.contains(name)) guest.env.erase(name);
  }
  for (const auto& [name, value] : {std::pair("HOME", "/tmp"), std::pair("HOST", "0.0.0.0")}) {
    if (!settings.env.contains(name) && !settings.secrets.contains(name)) guest.env[name] = value;
  }
  guest.uid = record.uid;
  guest.binds.clear();
  for (const std::string& path : settings.readable) guest.binds.push_back({path, path, false});
  return guest;
}

Status LocalPlatform::Impl::ShowData(Guest& guest, const Record& record, std::uint64_t version) const {
  const std::filesystem::path data = layout.Data(record.environment.slug, version),
                              bucket = layout.Bucket(record.environment.slug);
  for (const std::filesystem::path& folder : {data, bucket}) {
    if (Status own = OwnFolder(folder, record.uid); !own) return own;
  }
  guest.binds.push_back({data, kGuestData, true});
  guest.binds.push_back({bucket, std::string(kGuestData) + "/bucket", true});
  return {};
}

Result<Guest> LocalPlatform::Impl::MakeAppGuest(const Settings& settings, const Record& record, const RunningApp& app) {
  if (!app.container.empty()) {
    Guest inner = MakeContainerGuest(settings, record, app.commit, true);
    if (const Status shown = ShowData(inner, record, app.data); !shown) return Fail(shown.error());
    inner.argv = settings.run.argv;
    const std::uint16_t port = InsidePort(settings);
    inner.env["PORT"] = std::to_string(port);
    return containers.Wrap(inner, {.name = app.container,
                                   .release = app.release,
                                   .branch = record.environment.branch,
                                   .port = app.port,
                                   .inside_port = port});
  }
  Guest guest = MakeGuest(settings, record, app.commit, true);
  const std::string& slug = record.environment.slug;
  const std::filesystem::path release = layout.Release(app.release) / "tree";
  const std::filesystem::path data = layout.Data(slug, app.data), bucket = layout.Bucket(slug);
  if (!guest.sandboxed) {
    guest.cwd = release;
    if (!settings.env.contains("DATABASE_URL")) guest.env["DATABASE_URL"] = "sqlite:///" + (data / "app.db").string();
    if (!settings.env.contains("BUCKET_DIR")) guest.env["BUCKET_DIR"] = bucket;
  } else {
    guest.cwd = kGuestApp;
    for (const std::filesystem::path& folder : {data, bucket}) {
      if (const Status own = OwnFolder(folder, record.uid); !own) return Fail(own.error());
    }
    guest.binds.push_back({data, kGuestData, true});
    guest.binds.push_back({bucket, std::string(kGuestData) + "/bucket", true});
    guest.binds.push_back({release, kGuestApp, false});
    for (const std::string& folder : settings.writable) {
      if (const Status made = MakeFolderInside(release, folder); !made) return Fail(made.error());
      const std::filesystem::path own = layout.Writable(slug) / Sha256Hex(folder).substr(0, 16);
      if (!std::filesystem::exists(own)) {
        Status made = MakeFolders(own, 0700);
        if (made) made = CopyTree(release / folder, own, record.uid);
        if (made) made = GiveTree(own, record.uid);
        if (!made) return Fail(made.error());
      }
      guest.binds.push_back({own, std::string(kGuestApp) + "/" + folder, true});
    }
  }
  if (app.port != 0) guest.env["PORT"] = std::to_string(app.port);
  return guest;
}

}  // namespace perch::local
