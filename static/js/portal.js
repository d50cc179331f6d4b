// The portal's elements, one a file; each begins to live where its tag stands in a page.
import "./elements/tool-card.js";
import "./elements/approval-count.js";
import "./elements/approval-card.js"; // tells its tool card that it waits
import "./elements/message-queue.js"; // the composer shows it
import "./elements/chat-composer.js";
import "./elements/chat-conversation.js";
import "./elements/confirm-dialog.js";
import "./elements/connection-badge.js";
import "./elements/conversation-list.js";
import "./elements/lazy-fragment.js";
import "./elements/live-announcer.js";
import "./elements/local-time.js";
import "./elements/notify-me.js";
import "./elements/prose-block.js";
import "./elements/run-end.js";
import "./elements/share-sheet.js";
import "./elements/side-drawer.js";
import "./elements/theme-toggle.js";
import "./elements/tool-catalogue.js";

addEventListener("scroll", () => document.body.classList.toggle("scrolled", scrollY > 4), { passive: true });
