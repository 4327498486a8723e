/*
 * rpc_clock.c - connecting again, and deadlines, when the clock is set back.
 *
 * nng 1.5.2 measures its waits by the time of day, whatever it should use: when the clock is set
 * back by a day, a dialer that was about to try again does so a day later, and a call to a service
 * that does not answer ends a day later. What begins to wait after that is right. So once a second
 * we look whether the clock fell back, start the dialers anew that have no connection, and end the
 * calls that are past their deadline. nng 1.10 uses CLOCK_MONOTONIC, and nothing is found then.
 */
#include "base/clock.h"
#include "rpc/rpc_parcel.h"

#include <string.h>

enum {
    FELL_BACK_US = 50 * 1000,
    /* nng ends calls at their deadline by itself; we only those that it has missed. */
    OVERDUE_MS = 500,
};

static int64_t clock_ahead_us(void)
{
    return clock_now_us() - clock_boot_ms() * 1000;
}

static int dialer_start(struct rpc_client *client, struct dialer *dialer)
{
    int err = nng_dialer_create(&dialer->nng, client->socket, dialer->address);

    if (err == 0) {
        err = nng_dialer_start(dialer->nng, NNG_FLAG_NONBLOCK);
        dialer->is_started = err == 0;
        if (err != 0) {
            (void)nng_dialer_close(dialer->nng);
        }
    }
    return err;
}

int dialers_start(struct rpc_client *client, const char **ret_address)
{
    char *save = NULL;

    client->clock_ahead_us = clock_ahead_us();
    for (char *address = strtok_r(client->addresses, ",", &save); address != NULL;
         address = strtok_r(NULL, ",", &save)) {
        int err = NNG_EADDRINVAL;

        if (client->dialer_count < ADDRESSES_MAX) {
            struct dialer *dialer = &client->dialers[client->dialer_count++];
            dialer->address = address;
            err = dialer_start(client, dialer);
        }
        if (err != 0) {
            *ret_address = address;
            return err;
        }
    }
    return 0;
}

static bool dialer_is_connected(struct rpc_client *client, const struct dialer *dialer)
{
    bool is_connected = false;

    pthread_mutex_lock(&client->lock);
    for (unsigned i = 0; i < client->connection_count; i++) {
        is_connected = is_connected || client->connections[i].dialer == nng_dialer_id(dialer->nng);
    }
    pthread_mutex_unlock(&client->lock);
    return is_connected;
}

/* Those without a connection, when the clock fell back; and those that could not be, the last
 * time. */
static void dialers_start_anew(struct rpc_client *client, bool fell_back)
{
    for (unsigned i = 0; i < client->dialer_count; i++) {
        struct dialer *dialer = &client->dialers[i];

        if (dialer->is_started && fell_back && !dialer_is_connected(client, dialer)) {
            (void)nng_dialer_close(dialer->nng);
            dialer->is_started = false;
        }
        if (!dialer->is_started) {
            (void)dialer_start(client, dialer);
        }
    }
}

/* A call that has ended meanwhile, or begins just now, is not touched: nng ends only what waits. */
static void parcels_end_overdue(struct rpc_client *client)
{
    const int64_t now = clock_boot_ms();

    pthread_mutex_lock(&client->lock);
    for (unsigned i = 0; i < client->parcel_count && client->under_way > 0; i++) {
        struct parcel *parcel = client->parcels[i];

        if (parcel->calls != NULL && now - parcel->deadline_boot_ms > OVERDUE_MS) {
            nng_aio_abort(parcel->aio, NNG_ETIMEDOUT);
        }
    }
    pthread_mutex_unlock(&client->lock);
}

void client_look_at_clock(struct rpc_client *client)
{
    const int64_t ahead_us = clock_ahead_us();

    dialers_start_anew(client, client->clock_ahead_us - ahead_us > FELL_BACK_US);
    client->clock_ahead_us = ahead_us;
    parcels_end_overdue(client);
}
