<?php

// `waiting` has a file for each webhook that is still to be processed, and `done` an empty one for each that was.
define('INBOX', getenv('INBOX') ?: 'inbox');
foreach ([INBOX . '/waiting', INBOX . '/done'] as $folder) {
    is_dir($folder) || @mkdir($folder, 0777, true);
}

/** Stores a webhook, unless it is waiting already. Returns true when it is on the disk: respond 2xx. */
function store(string $id, string $body): bool
{
    $draft = INBOX . '/' . bin2hex(random_bytes(16)) . '.draft';
    $file = fopen($draft, 'xb');
    $isWritten = $file && fwrite($file, $body) === strlen($body) && fsync($file) && fclose($file);
    // A link appears with its whole content, or fails because there is one of that name.
    $isStored = $isWritten && (@link($draft, INBOX . "/waiting/$id") || file_exists(INBOX . "/waiting/$id"));
    @unlink($draft);
    return $isStored;
}

/** Processes what waits, also what was stored before a crash. What fails stays until the next time. */
function processAll(callable $work): void
{
    foreach (array_diff(scandir(INBOX . '/waiting'), ['.', '..']) as $id) {
        try {
            if (!file_exists(INBOX . "/done/$id")) {
                $body = file_get_contents(INBOX . "/waiting/$id");
                $work($id, json_decode($body, flags: JSON_THROW_ON_ERROR));
                touch(INBOX . "/done/$id");
            }
            unlink(INBOX . "/waiting/$id"); // after the mark in `done`: a crash in between costs nothing
        } catch (Throwable $error) {
            fwrite(STDERR, "$id failed: {$error->getMessage()}\n");
        }
    }
}
