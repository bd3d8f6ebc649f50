// What is hard to see on a page. Each function takes the selector of what is ours and returns what it found, in words.
({
    // Texts whose contrast with what lies under them is below `least`, as the guidelines define it (WCAG 2.2, 1.4.3);
    // they leave disabled controls out. Colours are read off a canvas, which knows every way to write one.
    faint(ours, least) {
        const pixel = new OffscreenCanvas(1, 1).getContext('2d', {willReadFrequently: true});
        const known = {};
        const rgba = colour => known[colour] ??= (() => {
            pixel.clearRect(0, 0, 1, 1);
            pixel.fillStyle = colour;
            pixel.fillRect(0, 0, 1, 1);
            const [red, green, blue, alpha] = pixel.getImageData(0, 0, 1, 1).data;
            return [red, green, blue, alpha / 255];
        })();
        const over = (colour, under) => [0, 1, 2].map(i => colour[i] * colour[3] + under[i] * (1 - colour[3]));
        const linear = part => part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4;
        const luminance = colour => {
            const [red, green, blue] = colour.map(part => linear(part / 255));
            return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
        };
        const ancestors = element => element ? [element, ...ancestors(element.parentElement)] : [];
        const ground = element => {
            const layers = ancestors(element).map(up => rgba(getComputedStyle(up).backgroundColor));
            const opaque = layers.findIndex(layer => layer[3] >= 1);
            const seen = opaque < 0 ? layers : layers.slice(0, opaque + 1);
            return seen.reverse().reduce((under, layer) => over(layer, under), [255, 255, 255]);
        };
        const opacity = element => ancestors(element).reduce((all, up) => all * getComputedStyle(up).opacity, 1);
        const contrast = element => {
            const under = ground(element), colour = rgba(getComputedStyle(element).color);
            const written = over([...colour.slice(0, 3), colour[3] * opacity(element)], under);
            const [dark, bright] = [luminance(written), luminance(under)].sort((one, two) => one - two);
            return (bright + 0.05) / (dark + 0.05);
        };
        const texts = output => {
            const found = [], walker = document.createTreeWalker(output, NodeFilter.SHOW_TEXT);
            while (walker.nextNode()) found.push([walker.currentNode.parentElement, walker.currentNode.data.trim()]);
            const boxes = [...output.querySelectorAll('input, select, textarea')].map(box => [box, box.value]);
            return [...found.filter(([element]) => !element.closest('option, script, style')), ...boxes];
        };
        const seen = ([element, text]) => text && element.checkVisibility({visibilityProperty: true})
            && !element.matches(':disabled, :disabled *');
        const say = ([element, text]) => `${contrast(element).toFixed(2)}: ${getComputedStyle(element).color} on `
            + `rgb(${ground(element).map(Math.round)}): ${text.slice(0, 60)}`;
        return [...document.querySelectorAll(ours)].flatMap(texts).filter(seen)
            .filter(([element]) => contrast(element) < least).map(say);
    },

    // What reaches past the right edge of its cell; labels, buttons, numbers and rows of controls that are cut off.
    cutOrWide(ours) {
        const name = part => `${part.tagName} ${(part.alt || part.value || part.textContent).slice(0, 60)}`;
        const solid = 'img, table, p, input, select, button, textarea, .noUi-handle';
        const lines = '.widget-label, .jupyter-button, input, .widget-hbox';
        return [...document.querySelectorAll(ours)].flatMap(output => {
            const edge = output.closest('.jp-Cell-outputArea').getBoundingClientRect().right + 1;
            const seen = [...output.querySelectorAll('*')].filter(part => part.checkVisibility());
            const past = seen.filter(part => part.matches(solid) && part.getBoundingClientRect().right > edge);
            const cut = seen.filter(part => part.matches(lines) && part.scrollWidth > part.clientWidth + 1);
            return [...past.map(part => `past the edge of its cell: ${name(part)}`),
                    ...cut.map(part => `cut off: ${name(part)}`)];
        });
    },

    // Pictures whose corners are not white and opaque: on a white ground of their own they suit a page of any colour.
    async darkPictures(ours) {
        const images = [...document.querySelectorAll(ours)].flatMap(output => [...output.querySelectorAll('img')]);
        const dark = await Promise.all(images.map(async image => {
            await image.decode();
            const [width, height] = [image.naturalWidth, image.naturalHeight];
            const canvas = new OffscreenCanvas(width, height).getContext('2d');
            canvas.drawImage(image, 0, 0);
            const corners = [[0, 0], [width - 1, 0], [0, height - 1], [width - 1, height - 1]];
            return corners.some(([x, y]) => canvas.getImageData(x, y, 1, 1).data.some(value => value < 255));
        }));
        return images.filter((_, index) => dark[index]).map(image => image.alt.slice(0, 60));
    },

    // Images of the notebook without alternative text; JupyterLab writes "Image" where there is none.
    mute(notebook) {
        return [...document.querySelectorAll(`${notebook} img`)]
            .filter(image => ['', 'Image'].includes(image.alt.trim())).map(image => image.outerHTML.slice(0, 200));
    },

    // Sliders without a number box beside them that has a name.
    unnamedBoxes(ours) {
        return [...document.querySelectorAll(`${ours} .noUi-handle`)].flatMap(handle => {
            const row = handle.closest('.widget-hbox');
            const labels = [...(row?.querySelector('input')?.labels ?? [])];
            return labels.some(label => label.textContent.trim()) ? [] : [row?.textContent ?? 'a slider alone'];
        });
    },
})
