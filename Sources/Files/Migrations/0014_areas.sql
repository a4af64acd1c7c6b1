-- Which disk is which staging area: names are in the rows of files and uploads, and two disks of one name would each be searched for the
-- bytes of the other.
CREATE TABLE staging_areas (
    name          text        PRIMARY KEY,
    -- The id in the file `instance` of the disk, made with it.
    instance      uuid        NOT NULL,
    registered_at timestamptz NOT NULL DEFAULT now()
);
