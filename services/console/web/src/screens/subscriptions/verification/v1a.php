<?php

// The public key of the endpoint, whpk_…; while it is being rotated both, separated by a comma.
$keys = explode(',', getenv('WEBHOOK_PUBLIC_KEY'));

/** Returns true if the request was signed with the key pair, and is at most five minutes old. */
function isGenuine(array $server, string $body, array $keys): bool
{
    $id = $server['HTTP_WEBHOOK_ID'] ?? '';
    $timestamp = $server['HTTP_WEBHOOK_TIMESTAMP'] ?? '';
    if (!preg_match('/^[0-9]{1,12}$/D', $timestamp) || abs(time() - (int) $timestamp) > 300) {
        return false;
    }
    foreach (explode(' ', $server['HTTP_WEBHOOK_SIGNATURE'] ?? '') as $given) {
        if (!str_starts_with($given, 'v1a,')) {
            continue;
        }
        $signature = base64_decode(substr($given, strlen('v1a,')), true);
        if ($signature === false || strlen($signature) !== SODIUM_CRYPTO_SIGN_BYTES) {
            continue;
        }
        foreach ($keys as $key) {
            $public = base64_decode(preg_replace('/^whpk_/', '', $key));
            if (sodium_crypto_sign_verify_detached($signature, "$id.$timestamp.$body", $public)) {
                return true;
            }
        }
    }
    return false;
}

$body = file_get_contents('php://input'); // the bytes as they came, before any parsing
if (!isGenuine($_SERVER, $body, $keys)) {
    http_response_code(401);
    exit;
}
// Store webhook-id, and skip ids that you know: a webhook can arrive more than once.
error_log($_SERVER['HTTP_WEBHOOK_ID'] . ' ' . json_decode($body)->type);
http_response_code(204);
