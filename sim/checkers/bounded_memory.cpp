#include "sim/checkers/bounded_memory.hpp"

#include "sim/checkers/text.hpp"

namespace kodama::sim::checkers {

void bounded_memory::on_backlog(instant now, session_key session, std::size_t bytes) {
  exercise();
  if (bytes > session_buffer_max_ && told_.insert(session).second)
    violate(now, text("the server keeps ", bytes, " bytes for ", name_of(session),
                      ", but session_buffer_max is ", session_buffer_max_));
}

void bounded_memory::on_filters(instant now, session_key session, std::size_t count) {
  exercise();
  if (count == 0) {
    filters_.erase(session);
    ended_.erase(session);
    return;
  }
  filters_[session] = count;
  if (!open_.contains(session))
    ended_.try_emplace(session, now); // it ended while the directory had this still before it
}

void bounded_memory::on_session_opened(instant now, session_key session) {
  exercise();
  open_.insert(session);
  if (open_.size() > sessions_max_ && lives_told_.insert(session.server_life).second)
    violate(now, text(name_of(session), " was opened as the ", open_.size(),
                      "th at once, but sessions_max is ", sessions_max_));
}

void bounded_memory::on_session_ended(instant now, session_key session, errc) {
  open_.erase(session);
  detached_.erase(session);
  if (filters_.contains(session))
    ended_.emplace(session, now);
}

void bounded_memory::on_server_stopped(instant, std::uint32_t life) {
  std::erase_if(open_, [&](const session_key& session) { return session.server_life == life; });
  const auto dies = [&](const auto& each) { return each.first.server_life == life; };
  std::erase_if(detached_, dies);
  std::erase_if(filters_, dies);
  std::erase_if(ended_, dies);
}

void bounded_memory::on_server_started(instant, std::uint32_t, duration resume_window) {
  resume_window_ = resume_window;
}

void bounded_memory::on_attached(instant, session_key session, std::uint64_t, duration) {
  detached_.erase(session);
}

void bounded_memory::on_session_detached(instant now, session_key session, errc) {
  // A process that dies may still drop connections; it keeps nothing any more.
  if (open_.contains(session))
    detached_.try_emplace(session, now);
}

void bounded_memory::on_end(instant now, const std::vector<user_id>&) {
  // Clocks are wrong by a few percent, and a server that stood still is late.
  const auto patience = resume_window_ + resume_window_ / 8 + std::chrono::seconds{10};
  for (const auto& [session, since] : detached_)
    if (now - since > patience && told_.insert(session).second)
      violate(now, text("the server keeps ", name_of(session), ", which has no connection since ",
                        since, ", but its resume window is ", resume_window_));
  for (const auto& [session, since] : ended_)
    if (now - since > std::chrono::seconds{10} && told_.insert(session).second)
      violate(now, text("the server keeps ", filters_.at(session), " filters of ", name_of(session),
                        ", which has ended at ", since));
}

} // namespace kodama::sim::checkers
