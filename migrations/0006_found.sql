-- Whether the instance is a module that was found in the checks directory, without a [[check]] entry: where a message has no
-- room for all notifications, the others are shown first.
ALTER TABLE notifications ADD COLUMN found INTEGER NOT NULL DEFAULT 0 CHECK (found IN (0, 1));
