import { awaitDecision } from "./decision.js";
import { keepDrafts } from "./drafts.js";
import { improveForms } from "./forms.js";
import { loadShownMaps } from "./map_loader.js";
import { improvePhotos } from "./photos.js";
import { improvePlaces } from "./place.js";

// Photos and places first: a restored draft speaks to them.
improvePhotos();
improvePlaces();
keepDrafts();
improveForms();
loadShownMaps();
awaitDecision();
