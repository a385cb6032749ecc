#include <cstdio>
#include <filesystem>
#include <string>

#include "base/file.h"
#include "base/text.h"
#include "base/value.h"
#include "cli/ci/pipeline.h"
#include "cli/commands.h"
#include "cli/output.h"
#include "config/project.h"

namespace perch::cli {
namespace {

namespace fs = std::filesystem;

Result<std::vector<ci::File>> Files(const ci::Pipeline& pipeline, const std::string& service) {
  if (service == "circleci") return ci::CircleCi(pipeline);
  if (service == "github") return ci::GitHub(pipeline);
  return ci::GitLab(pipeline);
}

/// All or nothing: looks at every file before it writes the first.
Status WriteAll(const fs::path& folder, const std::vector<ci::File>& files, bool force) {
  std::vector<const ci::File*> wanted;
  for (const ci::File& file : files) {
    const fs::path path = folder / file.path;
    const Result<std::string> there = ReadFile(path, 1 << 20);
    if (there && *there == file.text) continue;
    const bool absent = !there && there.error().kind == ErrorKind::kNotFound;
    if (!absent && !force) {
      return Fail({.kind = ErrorKind::kRefused,
                   .what = "there is another file already; nothing was written",
                   .where = path.string(),
                   .hint = "Compare it with what `perch ci` prints; --force replaces it."});
    }
    wanted.push_back(&file);
  }
  for (const ci::File* file : wanted) {
    const fs::path path = folder / file->path;
    if (Status made = MakeFolders(path.parent_path()); !made) return made;
    if (Status written = WriteFileAtomically(path, file->text); !written) return written;
  }
  return {};
}

void Print(const std::vector<ci::File>& files, bool json) {
  std::string out;
  for (const ci::File& file : files) {
    if (json) {
      out += (out.empty() ? "[" : ",") + std::string("{\"path\":") + JsonString(file.path) +
             ",\"text\":" + JsonString(file.text) + "}";
    } else {
      if (files.size() > 1) out += (out.empty() ? "" : "\n") + ("# ==> " + file.path) + "\n";
      out += file.text;
    }
  }
  if (json) out += "]\n";
  std::fwrite(out.data(), 1, out.size(), stdout);
}

}  // namespace

int RunCi(const Context& context) {
  const Arguments& arguments = context.arguments;
  const Result<config::Project> project = config::Load(context.config_file, {.platform = "aws"});
  if (!project) return Report(project.error(), arguments.json);
  const Result<ci::Pipeline> pipeline = ci::PipelineOf(*project, arguments.image);
  if (!pipeline) return Report(pipeline.error(), arguments.json);
  const Result<std::vector<ci::File>> files = Files(*pipeline, arguments.subcommand);
  if (!files) return Report(files.error(), arguments.json);
  for (const std::string& notice : pipeline->notices) std::fprintf(stderr, "perch: notice: %s\n", notice.c_str());
  if (arguments.image.empty()) {
    std::fprintf(stderr, arguments.subcommand == "circleci"
                             ? "perch: notice: a sample stands for perch's own image. Say which: --image NAME@DIGEST.\n"
                             : "perch: notice: perch's own image comes from the variable PERCH_IMAGE.\n");
  }
  if (arguments.write) {
    const fs::path folder = context.config_file.parent_path();
    if (Status written = WriteAll(folder, *files, arguments.force); !written)
      return Report(written.error(), arguments.json);
    if (!arguments.json) {
      for (const ci::File& file : *files) std::printf("Wrote %s.\n", file.path.c_str());
      std::printf("Look it over; docs/ci.md says which roles and variables it needs.\n");
      return 0;
    }
  }
  Print(*files, arguments.json);
  return 0;
}

}  // namespace perch::cli
