console.log('The demo is on its way.');
