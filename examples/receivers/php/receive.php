<?php

require __DIR__ . '/inbox.php';

// The secret of the endpoint, whsec_…; while it is being rotated both, separated by a comma.
$secrets = array_filter(explode(',', getenv('WEBHOOK_SECRET')));

/** Returns true if the request was signed with the secret, and is at most five minutes old. */
function isGenuine(array $server, string $body, array $secrets): bool
{
    $id = $server['HTTP_WEBHOOK_ID'] ?? '';
    $timestamp = $server['HTTP_WEBHOOK_TIMESTAMP'] ?? '';
    if (!preg_match('/^[0-9]{1,12}$/D', $timestamp) || abs(time() - (int) $timestamp) > 300) {
        return false;
    }
    foreach ($secrets as $secret) {
        $key = base64_decode(preg_replace('/^whsec_/', '', $secret));
        $expected = 'v1,' . base64_encode(hash_hmac('sha256', "$id.$timestamp.$body", $key, true));
        foreach (explode(' ', $server['HTTP_WEBHOOK_SIGNATURE'] ?? '') as $given) {
            if (hash_equals($expected, $given)) {
                return true;
            }
        }
    }
    return false;
}

function receive(array $secrets): int
{
    $body = file_get_contents('php://input'); // the bytes as they came, before any parsing
    if (!isGenuine($_SERVER, $body, $secrets)) {
        return 401;
    }
    $id = $_SERVER['HTTP_WEBHOOK_ID'];
    if (!preg_match('/^[A-Za-z0-9_-]{1,128}$/D', $id)) {
        return 400; // it becomes the name of a file
    }
    // Not stored: the sender sends it again.
    return store($id, $body) ? 204 : 500;
}

http_response_code(receive($secrets));
