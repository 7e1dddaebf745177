-- Which provider puts what a search found into its final order, and with which of its models: one in an organisation.
alter table provider add column rerank_model text;
create unique index provider_one_reranker on provider (org_id) where rerank_model is not null;
