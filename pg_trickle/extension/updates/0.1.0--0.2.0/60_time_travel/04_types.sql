alter type pgtrickle.moved add attribute contradiction jsonb;
