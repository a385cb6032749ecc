#include "local/keeper_wire.h"

#include "local/wire.h"

namespace perch::local {

std::string PackTask(const KeeperTask& task) {
  Packer packer;
  task.guest.Pack(packer);
  packer.Add(task.log_folder).Add(task.log_name).Add(task.secrets).Add(task.status_path);
  packer.Add(task.stop_timeout.count()).Add(task.first_delay.count()).Add(std::int64_t(task.quick_deaths));
  return packer.Take();
}

std::optional<KeeperTask> UnpackTask(std::string_view bytes) {
  Unpacker unpacker(bytes);
  KeeperTask task;
  task.guest = Guest::Unpack(unpacker);
  task.log_folder = unpacker.Text();
  task.log_name = unpacker.Text();
  task.secrets = unpacker.Texts();
  task.status_path = unpacker.Text();
  task.stop_timeout = std::chrono::milliseconds(unpacker.Number());
  task.first_delay = std::chrono::milliseconds(unpacker.Number());
  task.quick_deaths = int(unpacker.Number());
  if (!unpacker.ok()) return std::nullopt;
  return task;
}

}  // namespace perch::local
