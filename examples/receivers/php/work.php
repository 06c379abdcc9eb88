<?php

require __DIR__ . '/inbox.php';

// The work of your application. It runs after the response, once for each webhook-id; again only if it was killed.
// Run one of these processes.
$work = function (string $id, object $event): void {
    echo "processed $id {$event->type}\n";
};

while (true) {
    processAll($work);
    clearstatcache();
    usleep(200_000);
}
