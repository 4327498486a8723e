/* words.c - lists; a new word anywhere changes everything that is generated. */
#include "words.h"

#include "base/buffer.h"

#define COUNT(list) ((unsigned)(sizeof(list) / sizeof((list)[0])))
#define ANY(random, list) ((list)[random_below((random), COUNT(list))])

const struct district districts[DISTRICTS] = {
    {"ben-tre", "thành phố Bến Tre", "829"},   {"chau-thanh", "huyện Châu Thành", "831"},
    {"cho-lach", "huyện Chợ Lách", "832"},     {"mo-cay-nam", "huyện Mỏ Cày Nam", "833"},
    {"giong-trom", "huyện Giồng Trôm", "834"}, {"binh-dai", "huyện Bình Đại", "835"},
    {"ba-tri", "huyện Ba Tri", "836"},         {"thanh-phu", "huyện Thạnh Phú", "837"},
    {"mo-cay-bac", "huyện Mỏ Cày Bắc", "838"},
};

static const char *const family_names[] = {
    "Nguyễn", "Trần", "Lê",  "Phạm",  "Huỳnh", "Hoàng", "Phan", "Vũ",     "Võ",   "Đặng", "Bùi",
    "Đỗ",     "Hồ",   "Ngô", "Dương", "Lý",    "Đoàn",  "Lâm",  "Trương", "Đinh", "Mai",  "Cao",
};

static const char *const men_middle_names[] = {"Văn",  "Hữu", "Minh",  "Quốc", "Thanh", "Hoàng",
                                               "Công", "Tấn", "Trung", "Đức",  "Ngọc",  "Phước"};
static const char *const women_middle_names[] = {"Thị",      "Thị Ngọc", "Thị Kim", "Thị Thu",
                                                 "Thị Hồng", "Ngọc",     "Mỹ",      "Thị Thùy"};
static const char *const men_given_names[] = {
    "An",  "Bình", "Cường", "Dũng",  "Đạt",  "Giang", "Hải", "Hiếu", "Hùng",  "Khoa",
    "Lâm", "Long", "Nam",   "Nghĩa", "Phúc", "Quân",  "Sơn", "Tài",  "Thắng", "Tuấn",
};
static const char *const women_given_names[] = {
    "Anh",  "Bích", "Châu", "Diễm", "Dung",  "Hạnh",   "Hiền", "Hoa",   "Hương", "Lan",
    "Liên", "Loan", "Mai",  "Nga",  "Nhung", "Phượng", "Thảo", "Trang", "Tuyết", "Vân",
};

static const char *const enterprise_forms[] = {
    "Công ty TNHH", "Công ty Cổ phần", "Doanh nghiệp tư nhân", "Hợp tác xã", "Công ty TNHH MTV"};
static const char *const trades[] = {
    "Chế biến dừa",      "Thủy sản",       "Sản xuất than hoạt tính",
    "May xuất khẩu",     "Cơ khí",         "Chỉ xơ dừa",
    "Vật liệu xây dựng", "Năng lượng gió", "Thương mại",
    "Chế biến trái cây", "Kẹo dừa",        "Thức ăn chăn nuôi",
    "Hoa kiểng",         "Bao bì",         "Vận tải thủy",
    "Điện nông thôn",
};
static const char *const brands[] = {
    "Phú Thịnh", "Hưng Long", "Tân Phát",  "Thành Công", "Bình An", "Đồng Khởi",
    "Xứ Dừa",    "Phước Lộc", "Cửu Long",  "Hàm Luông",  "An Hóa",  "Cổ Chiên",
    "Ba Lai",    "Minh Tâm",  "Việt Tiến", "Hòa Bình",
};

static const char *const communes[] = {
    "Phong Nẫm",   "An Đức",    "Phú Hưng",   "Bình Thới", "Tân Thành Bình", "Thạnh Phú",
    "Sơn Đông",    "Mỹ Thành",  "Hữu Định",   "Tam Phước", "Phú Túc",        "Vĩnh Thành",
    "Hòa Nghĩa",   "Long Thới", "Định Thủy",  "An Định",   "Hương Mỹ",       "Lương Hòa",
    "Châu Hòa",    "Bình Hòa",  "Thới Thuận", "Thừa Đức",  "Vang Quới Đông", "An Ngãi Trung",
    "Tân Xuân",    "An Thủy",   "Giao Thạnh", "An Nhơn",   "Thạnh Hải",      "Nhuận Phú Tân",
    "Tân Phú Tây", "Thành An",
};

static const char *const positions[] = {
    "công nhân vận hành", "chuyên viên",        "trưởng phòng", "kỹ sư điện",
    "tổ trưởng sản xuất", "phó giám đốc",       "kế toán",      "nhân viên thị trường",
    "công nhân may",      "cán bộ khuyến công", "thợ cơ khí",   "quản đốc phân xưởng",
};

static const char *const promises[] = {
    "Hoàn thành vượt mức kế hoạch sản xuất",
    "Mở rộng thị trường xuất khẩu các sản phẩm từ dừa",
    "Tiết kiệm điện trong sản xuất và sinh hoạt",
    "Hỗ trợ nhà đầu tư hoàn tất thủ tục đúng hạn",
    "Giải quyết hồ sơ hành chính trước hạn",
    "Đưa sản phẩm công nghiệp nông thôn tiêu biểu lên sàn thương mại điện tử",
    "Bảo đảm cung ứng hàng hóa thiết yếu dịp Tết",
    "Hoàn thành giải phóng mặt bằng cụm công nghiệp",
    "Đổi mới công nghệ, giảm tiêu hao nguyên liệu",
    "Không để xảy ra tai nạn lao động",
    "Vận động công nhân tham gia phong trào sáng kiến",
    "Phát triển hạ tầng chợ và tuyến phố đêm",
};

static const char *const progresses[] = {
    "Đã tổ chức họp đơn vị và phân công từng bộ phận",
    "Đã hoàn thành các phần việc theo kế hoạch của tháng",
    "Sản lượng tăng so với cùng kỳ, chất lượng ổn định",
    "Đã phối hợp với Ủy ban nhân dân xã tháo gỡ vướng mắc về đất đai",
    "Đã ký thêm hợp đồng với khách hàng nước ngoài",
    "Đang chờ ý kiến thẩm định của các sở, ngành",
    "Đã nghiệm thu giai đoạn một, chuyển sang giai đoạn hai",
    "Tiến độ chậm do giá nguyên liệu tăng, đơn vị đang khắc phục",
};

void append_person(struct buffer *out, struct random *random)
{
    const bool woman = random_below(random, 2) == 1;

    buffer_append_text(out, ANY(random, family_names));
    buffer_append_char(out, ' ');
    buffer_append_text(out,
                       woman ? ANY(random, women_middle_names) : ANY(random, men_middle_names));
    buffer_append_char(out, ' ');
    buffer_append_text(out, woman ? ANY(random, women_given_names) : ANY(random, men_given_names));
}

void append_enterprise(struct buffer *out, struct random *random)
{
    const char *form = ANY(random, enterprise_forms);
    const char *trade = ANY(random, trades);
    const char *brand = ANY(random, brands);

    buffer_printf(out, "%s %s %s", form, trade, brand);
}

const char *any_commune(struct random *random)
{
    return ANY(random, communes);
}

const char *any_position(struct random *random)
{
    return ANY(random, positions);
}

const char *any_promise(struct random *random)
{
    return ANY(random, promises);
}

const char *any_progress(struct random *random)
{
    return ANY(random, progresses);
}
