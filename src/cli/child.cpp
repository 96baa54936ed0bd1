#include <penstock/cli/child.hpp>

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <cstring>
#include <utility>

#include <fcntl.h>
#include <poll.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

namespace penstock::cli {
namespace {

constexpr Duration kGrace = 1s;
// How soon a stop is noticed.
constexpr Duration kWake = 50ms;

// Between fork and exec: only what POSIX allows there.
[[noreturn]] void become(char* const* arguments, int output) {
  ::prctl(PR_SET_PDEATHSIG, SIGTERM);
  // Our own handlers must not run in the child.
  for (const int signal : {SIGTERM, SIGINT, SIGHUP, SIGPIPE}) ::signal(signal, SIG_DFL);
  sigset_t none;
  sigemptyset(&none);
  ::sigprocmask(SIG_SETMASK, &none, nullptr);
  const int nothing = ::open("/dev/null", O_RDONLY);
  ::dup2(nothing, STDIN_FILENO);
  ::dup2(output, STDOUT_FILENO);
  ::dup2(output, STDERR_FILENO);
  ::setpgid(0, 0);  // Ctrl-C at the terminal is ours; we end it
  ::execvp(arguments[0], arguments);
  constexpr char kSorry[] = "is not installed, or not on the PATH\n";
  if (::write(STDOUT_FILENO, kSorry, sizeof kSorry - 1) < 0) ::_exit(126);
  ::_exit(127);
}

}  // namespace

Result<Child> Child::start(const std::vector<std::string>& arguments) {
  std::vector<std::string> copies = arguments;
  std::vector<char*> pointers;
  pointers.reserve(copies.size() + 1);
  for (std::string& one : copies) pointers.push_back(one.data());
  pointers.push_back(nullptr);
  std::array<int, 2> pipe{};
  if (::pipe2(pipe.data(), O_CLOEXEC) != 0)
    return fail(Code::kInternal, std::string("a pipe: ") + std::strerror(errno));
  sigset_t all, before;
  sigfillset(&all);
  ::pthread_sigmask(SIG_SETMASK, &all, &before);
  const pid_t pid = ::fork();
  if (pid == 0) become(pointers.data(), pipe[1]);
  ::pthread_sigmask(SIG_SETMASK, &before, nullptr);
  ::close(pipe[1]);
  if (pid < 0) {
    ::close(pipe[0]);
    return fail(Code::kInternal, "starting " + arguments[0] + ": " + std::strerror(errno));
  }
  return Child(pid, pipe[0]);
}

Child::Child(Child&& other) noexcept
    : pid_(std::exchange(other.pid_, -1)), output_(std::exchange(other.output_, -1)), read_(std::move(other.read_)) {}

Child::~Child() {
  if (pid_ > 0) {
    ::kill(pid_, SIGTERM);
    // By number: glibc 2.36 declares the function for C only.
    pollfd ended{static_cast<int>(::syscall(SYS_pidfd_open, pid_, 0)), POLLIN, 0};
    if (ended.fd < 0 || ::poll(&ended, 1, static_cast<int>(kGrace.count())) <= 0) ::kill(pid_, SIGKILL);
    if (ended.fd >= 0) ::close(ended.fd);
    exit_status();
  }
  if (output_ >= 0) ::close(output_);
}

std::optional<std::string> Child::read_line(Duration timeout, const std::stop_token& stop) {
  const SystemClock clock;
  const Deadline deadline = Deadline::in(clock, timeout);
  for (;;) {
    if (const auto end = read_.find('\n'); end != std::string::npos) {
      std::string line = read_.substr(0, end);
      read_.erase(0, end + 1);
      return line;
    }
    if (stop.stop_requested() || deadline.passed(clock)) return std::nullopt;
    pollfd ready{output_, POLLIN, 0};
    const Duration wait = std::min(kWake, deadline.left(clock));
    if (::poll(&ready, 1, static_cast<int>(wait.count())) <= 0) continue;
    std::array<char, 4096> buffer{};
    const ssize_t count = ::read(output_, buffer.data(), buffer.size());
    if (count > 0) {
      read_.append(buffer.data(), static_cast<std::size_t>(count));
    } else if (count == 0 || errno != EINTR) {
      silent_ = true;
      if (read_.empty()) return std::nullopt;
      return std::exchange(read_, {});
    }
  }
}

int Child::exit_status() {
  int status = 0;
  while (pid_ > 0 && ::waitpid(pid_, &status, 0) < 0 && errno == EINTR) {
  }
  pid_ = -1;
  return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

}  // namespace penstock::cli
