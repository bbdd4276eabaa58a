-- Whether a person may override what was denied.

ALTER TABLE denials ADD COLUMN soft bigint;
