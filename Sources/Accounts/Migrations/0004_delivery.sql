-- What became of the mail with the code, as the worker has it from the mail server; NULL while there is nothing to tell.
ALTER TABLE login_challenges
    ADD COLUMN delivery text CHECK (delivery IN ('accepted', 'delayed', 'refused'));
