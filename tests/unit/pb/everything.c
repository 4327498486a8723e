/* everything.c - one text that touches every field. */
#include "everything.h"

#include <stdlib.h>
#include <string.h>

const char everything_text[] =
    "{\"doubleValue\":-0.1,\"floatValue\":3.4028235e+38,\"int32Value\":-2147483648,"
    "\"int64Value\":\"-9223372036854775808\",\"uint32Value\":4294967295,"
    "\"uint64Value\":\"18446744073709551615\",\"sint32Value\":2147483647,"
    "\"sint64Value\":\"9223372036854775807\",\"fixed32Value\":1,\"fixed64Value\":\"2\","
    "\"sfixed32Value\":-3,\"sfixed64Value\":\"-4\",\"boolValue\":true,"
    "\"stringValue\":\"B\u1ebfn Tre \\\"\\\\/\\b\\f\\n\\r\\t\\u0001\x7f \xf0\x9f\x98\x80\","
    "\"bytesValue\":\"AP+AEA==\",\"color\":\"COLOR_NEGATIVE\","
    "\"leaf\":{\"displayName\":\"a\",\"count\":1,\"planPercent\":95.3},"
    "\"node\":{\"name\":\"n\",\"children\":[{\"name\":\"c\",\"children\":[],\"byName\":{}}],"
    "\"byName\":{\"m\":{\"name\":\"\",\"children\":[],\"byName\":{}}}},"
    "\"doubles\":[0,-0,1.5,\"NaN\",\"Infinity\",\"-Infinity\",5e-324],\"int32s\":[1,-2],"
    "\"uint64s\":[\"0\",\"18446744073709551615\"],\"bools\":[true,false],"
    "\"strings\":[\"\",\"x\"],\"byteses\":[\"\",\"AA==\"],\"colors\":[\"COLOR_RED\","
    "\"COLOR_UNSPECIFIED\"],\"leaves\":[{\"displayName\":\"\",\"count\":0,\"planPercent\":null}],"
    "\"times\":[\"0001-01-01T00:00:00Z\",\"9999-12-31T23:59:59.999999999Z\"],"
    "\"wideNumbers\":[\"0\",\"-1\"],\"floats\":[0.1,\"NaN\",1e-45],"
    "\"labels\":{\"\":\"empty\",\"a b\":\"c\"},\"byInt32\":{\"-1\":\"x\",\"7\":\"y\"},"
    "\"byUint64\":{\"18446744073709551615\":true},\"byBool\":{\"true\":1,\"false\":0.5},"
    "\"leavesByName\":{\"p\":{\"displayName\":\"\",\"count\":3,\"planPercent\":0}},"
    "\"colorsByName\":{\"c\":\"COLOR_GREEN\"},\"bySint64\":{\"-5\":\"/w==\"},"
    "\"durationsByName\":{\"d\":\"1.500s\"},"
    "\"chosenLeaf\":{\"displayName\":\"chosen\",\"count\":0,\"planPercent\":null},"
    "\"createTime\":\"2022-03-25T00:00:00.000001Z\",\"timeout\":\"-0.000000001s\","
    "\"updateMask\":\"displayName,target.planValue\","
    "\"detail\":{\"@type\":\"type.googleapis.com/dongkhoi.test.Leaf\",\"displayName\":\"any\","
    "\"count\":2,\"planPercent\":null},\"nothing\":{},"
    "\"details\":[{\"@type\":\"type.googleapis.com/google.protobuf.Duration\",\"value\":\"3s\"},"
    "{}],\"doubleWrapper\":0,\"floatWrapper\":0.5,\"int64Wrapper\":\"0\","
    "\"uint64Wrapper\":\"1\",\"int32Wrapper\":0,\"uint32Wrapper\":1,\"boolWrapper\":false,"
    "\"stringWrapper\":\"\",\"bytesWrapper\":\"\"}";

void everything_register(void)
{
    json_register_any(&dongkhoi__test__leaf__descriptor);
    json_register_any(&google__protobuf__duration__descriptor);
}

struct status everything_decode(struct arena *arena, struct slice text, Everything **ret_message)
{
    char *copy = malloc(text.length > 0 ? text.length : 1);
    void *message = NULL;

    memcpy(copy, text.data, text.length);
    arena_reset(arena);
    const struct status status = json_decode(
        arena, EVERYTHING, (struct slice){.data = copy, .length = text.length}, &message);
    free(copy);
    if (status.code == STATUS_OK) {
        *ret_message = message;
    }
    return status;
}
