-- Whether anybody has signed in with a browser, whoever that was.
CREATE INDEX known_devices_sha256 ON known_devices (sha256);
