-- Whether somebody waits for an answer is asked at the end of every reply.
alter table session add column last_client_message uuid;
