"""Emoji shortcodes as people and the bot write them (`:rocket:`), and the characters they stand for."""

from typing import Final

# Slack's names for the characters of Unicode's emoji list: the ones that a team talking about software uses.
_LISTED: Final = """
rocket 🚀|ship 🚢|package 📦|truck 🚚|airplane ✈️|checkered_flag 🏁|construction 🚧|rotating_light 🚨|fire 🔥
fire_engine 🚒|fire_extinguisher 🧯|boom 💥|bug 🐛|beetle 🪲|ambulance 🚑|adhesive_bandage 🩹|bandaid 🩹
white_check_mark ✅|heavy_check_mark ✔️|ballot_box_with_check ☑️|x ❌|negative_squared_cross_mark ❎
warning ⚠️|no_entry ⛔|no_entry_sign 🚫|octagonal_sign 🛑|stop_sign 🛑|exclamation ❗|question ❓|grey_question ❔
bangbang ‼️|information_source ℹ️|sos 🆘|new 🆕|ok 🆗|up 🆙|soon 🔜|back 🔙|recycle ♻️|repeat 🔁|infinity ♾️
red_circle 🔴|large_orange_circle 🟠|large_yellow_circle 🟡|large_green_circle 🟢|large_blue_circle 🔵|blue_circle 🔵
large_purple_circle 🟣|large_brown_circle 🟤|black_circle ⚫|white_circle ⚪|large_green_square 🟩|large_red_square 🟥
large_yellow_square 🟨|large_orange_square 🟧|large_blue_square 🟦|white_large_square ⬜|black_large_square ⬛
small_red_triangle 🔺|small_red_triangle_down 🔻|small_blue_diamond 🔹|small_orange_diamond 🔸
large_blue_diamond 🔷|large_orange_diamond 🔶|arrow_up ⬆️|arrow_down ⬇️|arrow_right ➡️|arrow_left ⬅️
arrow_upper_right ↗️|arrow_lower_right ↘️|arrow_forward ▶️|arrow_backward ◀️|fast_forward ⏩|rewind ⏪
leftwards_arrow_with_hook ↩️|arrow_right_hook ↪️|arrows_counterclockwise 🔄|arrows_clockwise 🔃
twisted_rightwards_arrows 🔀
black_right_pointing_triangle_with_double_vertical_bar ⏯️|double_vertical_bar ⏸️|pause_button ⏸️|stop_button ⏹️
hourglass ⌛|hourglass_flowing_sand ⏳|stopwatch ⏱️|timer_clock ⏲️|alarm_clock ⏰|clock1 🕐|clock3 🕒|clock9 🕘
watch ⌚|calendar 📆|date 📅|spiral_calendar_pad 🗓️|bell 🔔|no_bell 🔕|mega 📣|loudspeaker 📢|speech_balloon 💬
thought_balloon 💭|left_speech_bubble 🗨️|eyes 👀|eye 👁️|mag 🔍|mag_right 🔎|telescope 🔭|microscope 🔬|bulb 💡
wrench 🔧|hammer 🔨|hammer_and_wrench 🛠️|gear ⚙️|nut_and_bolt 🔩|toolbox 🧰|pick ⛏️|screwdriver 🪛|magnet 🧲
lock 🔒|unlock 🔓|key 🔑|old_key 🗝️|shield 🛡️|link 🔗|paperclip 📎|pushpin 📌|round_pushpin 📍|bookmark 🔖|label 🏷️
triangular_flag_on_post 🚩|white_flag 🏳️|waving_white_flag 🏳️|bridge_at_night 🌉|bar_chart 📊
chart_with_upwards_trend 📈|chart_with_downwards_trend 📉|clipboard 📋|memo 📝|pencil 📝|pencil2 ✏️|page_facing_up 📄
scroll 📜|notebook 📓|books 📚|newspaper 📰|file_folder 📁|open_file_folder 📂|card_index_dividers 🗂️|file_cabinet 🗄️
inbox_tray 📥|outbox_tray 📤|mailbox 📫|email ✉️|envelope ✉️|incoming_envelope 📨|phone ☎️|telephone_receiver 📞|pager 📟
computer 💻|desktop_computer 🖥️|floppy_disk 💾|cd 💿|electric_plug 🔌|battery 🔋|satellite_antenna 📡|cloud ☁️
zap ⚡|snowflake ❄️|sunny ☀️|rainbow 🌈|umbrella ☔|droplet 💧|ocean 🌊|earth_africa 🌍|globe_with_meridians 🌐|moon 🌙
star ⭐|star2 🌟|sparkles ✨|dizzy 💫|tada 🎉|confetti_ball 🎊|trophy 🏆|medal 🏅|dart 🎯|gem 💎|gift 🎁|balloon 🎈
coffee ☕|tea 🍵|pizza 🍕|cake 🍰|beer 🍺|turtle 🐢|snail 🐌|robot_face 🤖|ghost 👻|skull 💀|unicorn_face 🦄
wave 👋|+1 👍|thumbsup 👍|-1 👎|thumbsdown 👎|clap 👏|raised_hands 🙌|raised_hand ✋|hand ✋|pray 🙏|muscle 💪
point_up ☝️|point_up_2 👆|point_down 👇|point_left 👈|point_right 👉|ok_hand 👌|crossed_fingers 🤞|handshake 🤝
writing_hand ✍️|bust_in_silhouette 👤|busts_in_silhouette 👥|technologist 🧑‍💻|brain 🧠|heart ❤️|green_heart 💚
yellow_heart 💛|blue_heart 💙|broken_heart 💔|100 💯|smile 😄|slightly_smiling_face 🙂|grin 😁|joy 😂|sweat_smile 😅
wink 😉|blush 😊|sunglasses 😎|thinking_face 🤔|neutral_face 😐|cry 😢|sob 😭|scream 😱|exploding_head 🤯|sleeping 😴
zzz 💤|hugging_face 🤗|melting_face 🫠|saluting_face 🫡|face_with_monocle 🧐|bell_pepper 🫑|seedling 🌱
evergreen_tree 🌲
baby 👶|test_tube 🧪|dna 🧬|broom 🧹|wastebasket 🗑️|put_litter_in_its_place 🚮|scissors ✂️|anchor ⚓|compass 🧭
world_map 🗺️
one 1️⃣|two 2️⃣|three 3️⃣|four 4️⃣|five 5️⃣|heavy_plus_sign ➕|heavy_minus_sign ➖|flag-eu 🇪🇺|moneybag 💰|credit_card 💳
"""

EMOJI: Final[dict[str, str]] = {
    entry.split()[0]: entry.split()[1] for entry in _LISTED.replace("\n", "|").split("|") if entry
}
