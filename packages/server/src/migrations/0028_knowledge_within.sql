-- Of these knowledge bases those that a member may read; for nobody in particular, as they are. Statements that rank ask this
-- themselves, so that a right that was taken away holds for the statement that comes next.
create function knowledge_within(org uuid, member uuid, bases uuid[]) returns uuid[] language sql stable as $$
  select case when member is null then bases
    else array(select b from unnest(bases) b where b in (select knowledge_base_id from knowledge_of(org, member))) end
$$;
